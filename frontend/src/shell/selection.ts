/** What is selected in the active editor; the editor tells it, others take it over. */
let selection: () => string = () => "";

export function provideSelection(read: () => string): void {
  selection = read;
}

/** The selected text within one line; empty when nothing or more is selected. */
export function focusedSelection(): string {
  return selection();
}
