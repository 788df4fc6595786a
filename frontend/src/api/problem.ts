import type { Problem } from "./types";

/** The request reached no server. */
export class OfflineError extends Error {
  constructor() {
    super("The server can't be reached");
    this.name = "OfflineError";
  }
}

/** The server answered with an RFC 9457 problem. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
  }
  get status(): number {
    return this.problem.status;
  }
  get code(): string {
    return this.problem.code;
  }
}

/** Reads the problem document of an error response; any other body becomes a generic problem. */
export async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: "about:blank",
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    detail: "",
    code: "internal",
  };
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

/** Details are written to follow a title; on their own they need a capital letter. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The message to show for anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    const fields = error.problem.errors?.map((item) => `${item.field}: ${item.message}`) ?? [];
    return fields.length ? fields.join(" · ") : sentence(error.message);
  }
  return error instanceof Error ? error.message : String(error);
}
