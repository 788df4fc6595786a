import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Highlighted } from "./Highlighted";
import { Menu } from "./Menu";
import { Splitter } from "./Splitter";
import { Tooltips } from "./Tooltips";

afterEach(cleanup);

describe("Menu", () => {
  const run = vi.fn();
  const close = vi.fn();
  const show = () =>
    render(
      <Menu
        label="Things"
        place={{ x: 0, y: 0 }}
        onClose={close}
        entries={[{ id: "a", label: "Alpha", run }, null, { id: "b", label: "Beta", run, checked: true }]}
      />,
    );

  it("is walked with the arrows, around the end", () => {
    show();
    const menu = screen.getByRole("menu", { name: "Things" });
    expect(document.activeElement).toBe(screen.getByRole("menuitem", { name: "Alpha" }));
    fireEvent.keyDown(menu, { key: "ArrowDown" });
    expect(document.activeElement).toBe(screen.getByRole("menuitemradio", { name: "Beta", checked: true }));
    fireEvent.keyDown(menu, { key: "ArrowDown" });
    expect(document.activeElement).toBe(screen.getByRole("menuitem", { name: "Alpha" }));
  });

  it("closes before it does its deed, and on Escape", () => {
    show();
    fireEvent.click(screen.getByText("Beta"));
    expect(close.mock.invocationCallOrder[0]).toBeLessThan(run.mock.invocationCallOrder[0]!);
    fireEvent.keyDown(screen.getByRole("menu"), { key: "Escape" });
    expect(close).toHaveBeenCalledTimes(2);
  });
});

describe("Splitter", () => {
  it("is moved by keys within its bounds, and reset by a double click", () => {
    const change = vi.fn();
    const reset = vi.fn();
    render(<Splitter label="Width" orientation="vertical" value={190} min={180} max={300} onChange={change} onReset={reset} />);
    const bar = screen.getByRole("separator", { name: "Width" });
    fireEvent.keyDown(bar, { key: "ArrowRight" });
    fireEvent.keyDown(bar, { key: "ArrowLeft" });
    expect(change.mock.calls).toEqual([[206], [180]]);
    fireEvent.doubleClick(bar);
    expect(reset).toHaveBeenCalled();
  });
});

describe("Highlighted", () => {
  it("keeps runs of letters together", () => {
    const { container } = render(<Highlighted text="TabBar" positions={[10, 11, 13]} offset={10} />);
    expect([...container.querySelectorAll("b")].map((element) => element.textContent)).toEqual(["Ta", "B"]);
    expect(container.textContent).toBe("TabBar");
  });
});

describe("Tooltips", () => {
  it("come on hover, go with any key, and come again", () => {
    vi.useFakeTimers();
    vi.stubGlobal("PointerEvent", window.PointerEvent ?? MouseEvent);
    render(
      <>
        <button data-tip="Start it">Run</button>
        <Tooltips />
      </>,
    );
    const hover = () => {
      fireEvent.pointerOver(screen.getByText("Run"));
      act(() => vi.advanceTimersByTime(500));
    };
    for (let n = 0; n < 2; n++) {
      hover();
      expect(screen.getByText("Start it")).toBeTruthy();
      for (let key = 0; key < 3; key++) fireEvent.keyDown(document.body, { key: "a" });
      expect(screen.queryByText("Start it")).toBeNull();
    }
    vi.useRealTimers();
  });
});
