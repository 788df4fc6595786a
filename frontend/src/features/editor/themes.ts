/** The editor's two themes. Quiet grounds, few hues, each with one meaning. */
import type * as Monaco from "monaco-editor";

interface Ink {
  text: string;
  comment: string;
  keyword: string;
  string: string;
  number: string;
  type: string;
  name: string;
  tag: string;
  punctuation: string;
}

function rules(ink: Ink): Monaco.editor.ITokenThemeRule[] {
  const of = (tokens: string, foreground: string, fontStyle?: string) =>
    tokens.split(" ").map((token) => ({ token, foreground: foreground.slice(1), ...(fontStyle ? { fontStyle } : {}) }));
  return [
    ...of("identifier variable", ink.text),
    ...of("comment", ink.comment, "italic"),
    ...of("keyword storage keyword.flow operator.sql predefined.sql", ink.keyword),
    ...of("string string.escape attribute.value string.value.json string.yaml", ink.string),
    ...of("string.escape regexp", ink.number),
    ...of("number constant constant.language keyword.json", ink.number),
    ...of("type type.identifier class namespace entity.name.type", ink.type),
    ...of("function entity.name.function predefined annotation support.function", ink.name),
    ...of("tag metatag meta.tag string.key.json type.yaml key", ink.tag),
    ...of("attribute.name variable.predefined variable.parameter", ink.type),
    ...of("delimiter operator punctuation", ink.punctuation),
    ...of("strong", ink.text, "bold"),
    ...of("emphasis", ink.text, "italic"),
  ];
}

export const dark: Monaco.editor.IStandaloneThemeData = {
  base: "vs-dark",
  inherit: true,
  rules: rules({
    text: "#d6deeb", comment: "#7888a0", keyword: "#8fb4ff", string: "#8fd6a4", number: "#f2a97e", type: "#7fd4e4",
    name: "#e3c58b", tag: "#8fb4ff", punctuation: "#93a1b8",
  }),
  colors: {
    foreground: "#d6deeb",
    "editor.background": "#0f141e",
    "editor.foreground": "#d6deeb",
    "editorLineNumber.foreground": "#76849b",
    "editorLineNumber.dimmedForeground": "#76849b",
    "editorLineNumber.activeForeground": "#d6deeb",
    "editorCursor.foreground": "#6ea3ff",
    "editor.selectionBackground": "#24427f",
    "editor.inactiveSelectionBackground": "#1b2c50",
    "editor.lineHighlightBackground": "#141b28",
    "editor.lineHighlightBorder": "#00000000",
    "editor.findMatchBackground": "#6b4f12",
    "editor.findMatchHighlightBackground": "#4a3a1488",
    "editor.wordHighlightBackground": "#26344f88",
    "editorIndentGuide.background1": "#1b2332",
    "editorIndentGuide.activeBackground1": "#34435c",
    "editorWhitespace.foreground": "#2a3446",
    "editorBracketMatch.background": "#24427f66",
    "editorBracketMatch.border": "#00000000",
    "editorBracketHighlight.foreground1": "#93a1b8",
    "editorBracketHighlight.foreground2": "#93a1b8",
    "editorBracketHighlight.foreground3": "#93a1b8",
    "editorGutter.background": "#0f141e",
    "editorWidget.background": "#161d2a",
    "editorWidget.border": "#263144",
    "editorHoverWidget.background": "#161d2a",
    "editorSuggestWidget.background": "#161d2a",
    "editorSuggestWidget.border": "#263144",
    "editorSuggestWidget.selectedBackground": "#1f3362",
    "editorSuggestWidget.highlightForeground": "#6ea3ff",
    "input.background": "#0f141e",
    "input.border": "#2c3749",
    "menu.background": "#161d2a",
    "menu.foreground": "#e4e9f2",
    "menu.selectionBackground": "#1c2638",
    "menu.selectionForeground": "#e4e9f2",
    "menu.separatorBackground": "#2c3749",
    "menu.border": "#2c3749",
    "focusBorder": "#5b92ff",
    "list.hoverBackground": "#1c2638",
    "list.activeSelectionBackground": "#1f3362",
    "scrollbarSlider.background": "#33405a66",
    "scrollbarSlider.hoverBackground": "#3d4c69aa",
    "scrollbarSlider.activeBackground": "#4a5b7c",
    "scrollbar.shadow": "#00000000",
    "minimap.background": "#0f141e",
    "minimapSlider.background": "#33405a44",
    "editorOverviewRuler.border": "#00000000",
    "editorStickyScroll.background": "#0f141e",
    "editorStickyScroll.border": "#1d2534",
    "editorError.foreground": "#ff8585",
    "editorWarning.foreground": "#f2b84b",
    "diffEditor.insertedTextBackground": "#1c4a2c66",
    "diffEditor.removedTextBackground": "#5a222866",
  },
};

export const light: Monaco.editor.IStandaloneThemeData = {
  base: "vs",
  inherit: true,
  rules: rules({
    text: "#16202e", comment: "#5f6f86", keyword: "#2457d6", string: "#197345", number: "#b0480c", type: "#0b6f8a",
    name: "#7a4d05", tag: "#2457d6", punctuation: "#53627a",
  }),
  colors: {
    foreground: "#16202e",
    "editor.background": "#ffffff",
    "editor.foreground": "#16202e",
    "editorLineNumber.foreground": "#66758b",
    "editorLineNumber.dimmedForeground": "#66758b",
    "editorLineNumber.activeForeground": "#0f172a",
    "editorCursor.foreground": "#2563eb",
    "editor.selectionBackground": "#c7d7fe",
    "editor.inactiveSelectionBackground": "#e3eafc",
    "editor.lineHighlightBackground": "#f6f8fc",
    "editor.lineHighlightBorder": "#00000000",
    "editor.findMatchBackground": "#fbd77a",
    "editor.findMatchHighlightBackground": "#fdecb8",
    "editor.wordHighlightBackground": "#e3eafc",
    "editorIndentGuide.background1": "#eaeff6",
    "editorIndentGuide.activeBackground1": "#c3cfdf",
    "editorBracketMatch.background": "#dbe6ff",
    "editorBracketMatch.border": "#00000000",
    "editorBracketHighlight.foreground1": "#53627a",
    "editorBracketHighlight.foreground2": "#53627a",
    "editorBracketHighlight.foreground3": "#53627a",
    "editorWidget.background": "#ffffff",
    "editorWidget.border": "#dbe3ee",
    "editorSuggestWidget.selectedBackground": "#e0e7ff",
    "editorSuggestWidget.selectedForeground": "#0f172a",
    "editorSuggestWidget.highlightForeground": "#1d4ed8",
    "menu.background": "#ffffff",
    "menu.foreground": "#0f172a",
    "menu.selectionBackground": "#e0e7ff",
    "menu.selectionForeground": "#0f172a",
    "menu.separatorBackground": "#e2e8f0",
    "menu.border": "#e2e8f0",
    "focusBorder": "#2563eb",
    "list.hoverBackground": "#e0e7ff",
    "list.activeSelectionBackground": "#e0e7ff",
    "list.activeSelectionForeground": "#0f172a",
    "scrollbarSlider.background": "#cbd5e166",
    "scrollbarSlider.hoverBackground": "#b3c0d1aa",
    "scrollbar.shadow": "#00000000",
    "minimap.background": "#ffffff",
    "minimapSlider.background": "#cbd5e144",
    "editorOverviewRuler.border": "#00000000",
    "editorStickyScroll.background": "#ffffff",
    "editorStickyScroll.border": "#e2e8f0",
    "editorError.foreground": "#c01f1f",
    "editorWarning.foreground": "#b45309",
    "diffEditor.insertedTextBackground": "#d3f2dd88",
    "diffEditor.removedTextBackground": "#fbdcdc88",
  },
};
