/**
 * The console's screen: xterm fed from an output log. What xterm cannot take at once waits in a
 * bounded queue: of a flood only the newest part is drawn, so that the page stays responsive during 100 MB of output.
 */
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import { Terminal, type ILink, type ITheme } from "@xterm/xterm";
import { isTyping } from "@/lib/typing";
import { references, type Reference } from "@/model/files/references";
import type { OutputLog } from "@/model/jobs/log";

const SCROLLBACK = 20_000;
/** Characters that xterm has received and not yet drawn. */
const IN_FLIGHT = 64_000;
const QUEUE = 500_000;
/** How much earlier text is written when a log is shown (about the scrollback), and the size of each write. */
const HISTORY = 2_000_000;
const PIECE = 32_000;
/** The pause between two writes during a flood. A flood is over when nothing had to be skipped for FLOOD_MS. */
const FLOOD_PAUSE_MS = 100;
const FLOOD_MS = 400;
/** While someone types, a flood is not drawn, but at most for this time. */
const MAX_HOLD_MS = 800;

export interface ConsoleOptions {
  fontSize: number;
  dark: boolean;
  screenReader: boolean;
  /** Whether a reference points to a file of the project. */
  isInProject(reference: Reference): boolean;
  go(reference: Reference): void;
  /** Text that was typed, while the screen is interactive. */
  type(text: string): void;
  /** The screen has a new size, in characters. */
  resize(size: { rows: number; cols: number }): void;
}

/** Keys that stay with the studio while a program is typed into. Shift+Tab leaves the console. */
function isForStudio(event: KeyboardEvent): boolean {
  const key = event.key.toLowerCase();
  if (event.metaKey || /^f\d+$/.test(key)) return true;
  if (event.ctrlKey && (event.shiftKey || key === "f" || key === "v")) return true;
  return event.shiftKey && key === "tab";
}

const darkTheme: ITheme = {
  background: "#0f141e",
  foreground: "#d6deeb",
  cursor: "#0f141e",
  selectionBackground: "#24427f",
  black: "#3a465c",
  red: "#ff8585",
  green: "#5fd08f",
  yellow: "#f2c46d",
  blue: "#6ea3ff",
  magenta: "#c3a6ff",
  cyan: "#5fcfe3",
  white: "#d6deeb",
  brightBlack: "#8390a6",
  brightRed: "#ffa3a3",
  brightGreen: "#8be3ae",
  brightYellow: "#ffd993",
  brightBlue: "#9cc0ff",
  brightMagenta: "#d8c5ff",
  brightCyan: "#92e2ef",
  brightWhite: "#ffffff",
  scrollbarSliderBackground: "#33405a99",
  scrollbarSliderHoverBackground: "#3d4c69",
};
const lightTheme: ITheme = {
  background: "#ffffff",
  foreground: "#16202e",
  cursor: "#ffffff",
  selectionBackground: "#c7d7fe",
  black: "#16202e",
  red: "#c01f1f",
  green: "#12703a",
  yellow: "#8a5a00",
  blue: "#1d4ed8",
  magenta: "#7c3aed",
  cyan: "#0b6f8a",
  white: "#64748b",
  brightBlack: "#5a6a80",
  brightRed: "#dc2626",
  brightGreen: "#15803d",
  brightYellow: "#a16207",
  brightBlue: "#2563eb",
  brightMagenta: "#8b5cf6",
  brightCyan: "#0e7490",
  brightWhite: "#334155",
  scrollbarSliderBackground: "#cbd5e199",
  scrollbarSliderHoverBackground: "#b3c0d1",
};

export class ConsoleScreen {
  private readonly terminal: Terminal;
  private readonly fit = new FitAddon();
  readonly search = new SearchAddon();
  private readonly observer: ResizeObserver;
  private queue: string[] = [];
  private queued = 0;
  private skipped = 0;
  private inFlight = 0;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private drawnAt = 0;
  private floodAt = -Infinity;
  private unlisten = () => {};
  private interactive = false;

  constructor(
    box: HTMLElement,
    private readonly options: ConsoleOptions,
  ) {
    this.terminal = new Terminal({
      fontFamily: '"JetBrains Mono Variable", ui-monospace, Menlo, monospace',
      fontSize: options.fontSize - 0.5,
      lineHeight: 1.35,
      theme: options.dark ? darkTheme : lightTheme,
      scrollback: SCROLLBACK,
      disableStdin: true,
      convertEol: true,
      cursorInactiveStyle: "none",
      screenReaderMode: options.screenReader,
      minimumContrastRatio: 4.5,
      allowProposedApi: true,
    });
    for (const addon of [this.fit, this.search, new WebLinksAddon(openLink)]) this.terminal.loadAddon(addon);
    this.terminal.open(box);
    this.terminal.textarea?.setAttribute("aria-label", "Program output");
    this.terminal.attachCustomKeyEventHandler((event) => this.onKey(event));
    this.useWebgl();
    this.terminal.registerLinkProvider({ provideLinks: (y, done) => done(this.linksOf(y)) });
    this.terminal.onData((text) => this.options.type(text));
    // Its event has more fields, which the API refuses.
    this.terminal.onResize(({ rows, cols }) => this.options.resize({ rows, cols }));
    this.observer = new ResizeObserver(() => this.fit.fit());
    this.observer.observe(box);
    this.fit.fit();
    this.options.resize({ rows: this.terminal.rows, cols: this.terminal.cols });
  }

  /** Lets keys reach the program, with a cursor to see. */
  setInteractive(interactive: boolean): void {
    this.interactive = interactive;
    this.terminal.options.disableStdin = !interactive;
    this.terminal.options.cursorInactiveStyle = interactive ? "outline" : "none";
    this.terminal.options.cursorBlink = interactive;
    this.useTheme();
  }

  set(options: Pick<ConsoleOptions, "fontSize" | "dark" | "screenReader">): void {
    this.terminal.options.fontSize = options.fontSize - 0.5;
    this.options.dark = options.dark;
    this.useTheme();
    this.terminal.options.screenReaderMode = options.screenReader;
    this.fit.fit();
  }

  /** Shows a log from its beginning and follows it. */
  show(log: OutputLog | undefined): void {
    this.unlisten();
    this.clear();
    if (!log) return;
    this.writeHistory(log.text());
    this.unlisten = log.listen((text) => (text === null ? this.clear() : this.write(text)));
  }

  clear(): void {
    this.queue = [];
    this.queued = this.skipped = 0;
    this.terminal.reset();
  }

  focus(): void {
    this.terminal.focus();
  }

  dispose(): void {
    clearTimeout(this.pause);
    this.unlisten();
    this.observer.disconnect();
    this.terminal.dispose();
  }

  /** Writes earlier text, as far back as one can scroll, in chunks, so that keys are handled in between. */
  private writeHistory(text: string): void {
    const recent = text.slice(-HISTORY);
    this.skipped = text.length - recent.length;
    for (let at = 0; at < recent.length; at += PIECE) this.queue.push(recent.slice(at, at + PIECE));
    this.queued = recent.length;
    this.drawNext();
  }

  private write(text: string): void {
    if (!text) return;
    this.queue.push(text);
    this.queued += text.length;
    while (this.queued > QUEUE && this.queue.length > 1) {
      const dropped = this.queue.shift()!.length;
      this.queued -= dropped;
      this.skipped += dropped;
      this.floodAt = performance.now();
    }
    this.drawNext();
  }

  /** Writes what waits: at once, or in intervals during a flood or while someone types. */
  private drawNext(): void {
    if (this.pause) return;
    const flood = performance.now() - this.floodAt < FLOOD_MS;
    if (!flood && !(this.queued > IN_FLIGHT && isTyping())) return this.writeQueued();
    this.pause = setTimeout(() => {
      this.pause = undefined;
      if (isTyping() && performance.now() - this.drawnAt < MAX_HOLD_MS) this.drawNext();
      else this.writeQueued();
    }, FLOOD_PAUSE_MS);
  }

  private writeQueued(): void {
    this.drawnAt = performance.now();
    while (this.queue.length && this.inFlight < IN_FLIGHT) {
      const piece = this.queue.shift()!;
      this.queued -= piece.length;
      const text = this.notice() + piece;
      this.inFlight += text.length;
      this.terminal.write(text, () => {
        this.inFlight -= text.length;
        if (this.queue.length) this.drawNext();
      });
    }
  }

  /** Reports once how much of a flood was not drawn. */
  private notice(): string {
    if (!this.skipped) return "";
    const text = `\r\n\x1b[0;2m── ${this.skipped.toLocaleString("en")} characters were skipped; download the output to read everything ──\x1b[0m\r\n`;
    this.skipped = 0;
    return text;
  }

  private useWebgl(): void {
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      this.terminal.loadAddon(webgl);
    } catch {
      // No WebGL here: xterm draws with the DOM.
    }
  }

  /** The cursor has the colour of the text where one types, and of the background elsewhere. */
  private useTheme(): void {
    const theme = this.options.dark ? darkTheme : lightTheme;
    this.terminal.options.theme = this.interactive ? { ...theme, cursor: theme.foreground } : theme;
  }

  /** Handles copying and scrolling. Where nothing is typed xterm sees no other key, so that Tab and shortcuts work. */
  private onKey(event: KeyboardEvent): boolean {
    const copies = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c" && this.terminal.hasSelection();
    if (copies && event.type === "keydown") void navigator.clipboard?.writeText(this.terminal.getSelection());
    if (this.interactive) return !copies && !isForStudio(event);
    const { terminal } = this;
    const moves: Record<string, () => void> = {
      PageUp: () => terminal.scrollPages(-1),
      PageDown: () => terminal.scrollPages(1),
      Home: () => terminal.scrollToTop(),
      End: () => terminal.scrollToBottom(),
      ArrowUp: () => terminal.scrollLines(-1),
      ArrowDown: () => terminal.scrollLines(1),
    };
    if (event.type === "keydown") moves[event.key]?.();
    return false;
  }

  private linksOf(y: number): ILink[] {
    const line = this.terminal.buffer.active.getLine(y - 1)?.translateToString(true) ?? "";
    return references(line)
      .filter((reference) => this.options.isInProject(reference))
      .map((reference) => ({
        range: { start: { x: reference.start + 1, y }, end: { x: reference.end, y } },
        text: line.slice(reference.start, reference.end),
        activate: () => this.options.go(reference),
      }));
  }
}

function openLink(_event: MouseEvent, address: string): void {
  window.open(address, "_blank", "noopener,noreferrer");
}
