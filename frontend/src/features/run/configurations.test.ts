import { describe, expect, it } from "vitest";
import {
  DEFAULT_ARTIFACTS,
  parseConfigurations,
  parseEnvironment,
  requestOf,
  writeConfigurations,
  writeEnvironment,
} from "./configurations";

describe("run configurations", () => {
  it("come back as they were written", () => {
    const list = [{ name: "Tests", command: "pytest -q", env: { A: "1" } }];
    expect(parseConfigurations(writeConfigurations(list))).toEqual(list);
  });

  it("say what is wrong with them", () => {
    expect(() => parseConfigurations("{}")).toThrow(/list/);
    expect(() => parseConfigurations('{"configurations":[{"name":"x"}]}')).toThrow(/“x” needs a command/);
    expect(() => parseConfigurations('{"configurations":[{}]}')).toThrow(/Configuration 1 needs a name/);
  });

  it("become requests", () => {
    expect(requestOf({ name: "T", command: "make", limits: { wall_s: 5 } })).toEqual({
      command: "make",
      limits: { wall_s: 5 },
      artifacts: DEFAULT_ARTIFACTS,
    });
    expect(requestOf({ name: "T", entry: "a.py", artifacts: ["x"] })).toEqual({ entry: "a.py", artifacts: ["x"] });
  });

  it("read the environment as lines", () => {
    expect(parseEnvironment("A=1\n# no\n\nB=x=y")).toEqual({ A: "1", B: "x=y" });
    expect(writeEnvironment({ A: "1", B: "2" })).toBe("A=1\nB=2");
    expect(() => parseEnvironment("nonsense")).toThrow(/KEY=value/);
  });
});
