/**
 * The layers of the front end, from the bottom up. A file may import from its own layer and from the layers named beside it;
 * `npm run lint` fails on anything else, and on import cycles. docs/frontend.md explains the layers.
 */
const LAYERS = {
  lib: [],
  ui: ["lib"],
  api: ["lib"],
  model: ["lib", "api"],
  shell: ["lib", "ui", "api", "model"],
  workbench: ["lib", "ui", "api", "model", "shell", "features"],
  app: ["workbench", "features"],
};

const anyOf = (layers) => `^src/(${layers.join("|")})/`;

const layerRules = Object.entries(LAYERS).map(([layer, below]) => ({
  name: `${layer}-imports-below`,
  comment: `src/${layer} imports only ${[layer, ...below].map((name) => `src/${name}`).join(", ")}`,
  severity: "error",
  from: { path: `^src/${layer}/` },
  to: { path: "^src/", pathNot: anyOf([layer, ...below]) },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: "features-are-apart",
      comment: "A feature imports no other feature, and nothing above it. Share through model/ or shell/, or register a contribution.",
      severity: "error",
      from: { path: "^src/features/([^/]+)/" },
      to: { path: "^src/", pathNot: [anyOf(["lib", "ui", "api", "model", "shell"]), "^src/features/$1/"] },
    },
    {
      name: "features-list",
      comment: "src/features/index.ts lists the features and does nothing else.",
      severity: "error",
      from: { path: "^src/features/index\\.ts$" },
      to: { path: "^src/", pathNot: "^src/features/[^/]+/index\\.tsx?$" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    includeOnly: "^src/",
    exclude: { path: "^src/types/" },
  },
};
