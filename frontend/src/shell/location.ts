/** The address bar: `?project=ID&file=path`. One page; this is all its routing. */
import { create } from "zustand";

export interface Place {
  project: string | null;
  file: string | null;
}

export function parsePlace(search: string): Place {
  const query = new URLSearchParams(search);
  return { project: query.get("project"), file: query.get("file") };
}

export function placeSearch(place: Place): string {
  if (!place.project) return "";
  const file = place.file ? `&file=${encodeURIComponent(place.file).replaceAll("%2F", "/")}` : "";
  return `?project=${encodeURIComponent(place.project)}${file}`;
}

const here = (): Place => (typeof window === "undefined" ? { project: null, file: null } : parsePlace(window.location.search));

export const usePlace = create<Place>(() => here());

/** Goes to a project, or to the list with null: a step that Back undoes. */
export function visit(project: string | null, file: string | null = null): void {
  const place = { project, file };
  window.history.pushState(null, "", window.location.pathname + placeSearch(place));
  usePlace.setState(place);
}

/** Keeps the address up to date with the open file, without a step in the history. */
export function noteFile(file: string | null): void {
  const place = { ...usePlace.getState(), file };
  if (!place.project || usePlace.getState().file === file) return;
  window.history.replaceState(null, "", window.location.pathname + placeSearch(place));
  usePlace.setState(place);
}

export function followHistory(): () => void {
  const onPop = () => usePlace.setState(here());
  window.addEventListener("popstate", onPop);
  return () => window.removeEventListener("popstate", onPop);
}
