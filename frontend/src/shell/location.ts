/** Routing: the address `?project=ID&file=path` of the only page. */
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

/** Opens a project, or the list with null, as a new history entry. */
export function visit(project: string | null, file: string | null = null): void {
  const place = { project, file };
  window.history.pushState(null, "", window.location.pathname + placeSearch(place));
  usePlace.setState(place);
}

/** Updates the address to the open file, without a new history entry. */
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
