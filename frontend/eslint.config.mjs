import tseslint from "typescript-eslint";
import hooks from "eslint-plugin-react-hooks";

export default tseslint.config(
  { ignores: ["e2e/projects/", "public/", "out/", ".next/", "src/api/schema.d.ts"] },
  ...tseslint.configs.recommended,
  {
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "max-lines": ["error", { max: 400 }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/api/http.ts", "src/model/live/connection.ts", "src/**/*.test.*"],
    rules: {
      "no-restricted-globals": [
        "error",
        { name: "fetch", message: "Only api/http.ts talks HTTP." },
        { name: "XMLHttpRequest", message: "Only api/http.ts talks HTTP." },
        { name: "WebSocket", message: "Only model/live/connection.ts opens sockets." },
      ],
    },
  },
);
