/** The state of an open merge: both texts, the decisions, and what was typed into the result. */
import { useEffect, useMemo, useRef, useState } from "react";
import type { Conflict } from "@/model/documents/sync";
import { conflictCount, hasMarkers, mergedText, mergePieces, type Choice, type Piece } from "@/model/documents/merge";

interface MergeState {
  base: string;
  yours: string;
  theirs: string;
  choices: readonly Choice[];
  /** The result as somebody typed it. */
  edited: string | null;
}

const piecesOf = ({ base, yours, theirs }: Pick<MergeState, "base" | "yours" | "theirs">) => mergePieces(base, yours, theirs);
const conflictsIn = (pieces: readonly Piece[]) => pieces.filter((piece) => piece.kind === "conflict");
const undecided = (pieces: readonly Piece[]) => Array<Choice>(conflictCount(pieces)).fill(null);

function started({ base, theirs }: Conflict, yours: string): MergeState {
  return { base, yours, theirs, choices: undecided(piecesOf({ base, yours, theirs })), edited: null };
}

/** They saved again: decisions stay where that changed nothing; a typed result is merged with what is new. */
export function renewed(state: MergeState, theirs: string): MergeState {
  if (state.edited !== null) {
    const next = { base: state.theirs, yours: state.edited, theirs };
    return { ...next, choices: undecided(piecesOf(next)), edited: null };
  }
  const made = new Map(conflictsIn(piecesOf(state)).map((piece, index) => [JSON.stringify(piece), state.choices[index] ?? null]));
  const next = { ...state, theirs };
  return { ...next, choices: conflictsIn(piecesOf(next)).map((piece) => made.get(JSON.stringify(piece)) ?? null) };
}

export function useMerge(conflict: Conflict, yours: string) {
  const [state, setState] = useState(() => started(conflict, yours));
  const seen = useRef(conflict.etag);
  useEffect(() => {
    if (seen.current === conflict.etag) return;
    seen.current = conflict.etag;
    setState((before) => renewed(before, conflict.theirs));
  }, [conflict]);

  const { base, theirs, choices, edited } = state;
  const pieces = useMemo(() => mergePieces(base, state.yours, theirs), [base, state.yours, theirs]);
  const merged = useMemo(() => mergedText(pieces, choices), [pieces, choices]);
  const open = edited === null ? choices.filter((choice) => choice === null).length : hasMarkers(edited) ? 1 : 0;
  return {
    base,
    yours: state.yours,
    theirs,
    choices,
    /** How many conflicts there are, and how many are not decided. */
    total: choices.length,
    open,
    result: edited ?? merged.text,
    spans: edited === null ? merged.spans : [],
    decide: (index: number, choice: Choice) =>
      setState((before) => ({ ...before, choices: before.choices.with(index, choice), edited: null })),
    edit: (text: string) => setState((before) => ({ ...before, edited: text })),
  };
}
