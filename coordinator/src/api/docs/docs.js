// Renders /api/v1/openapi.json as a page: no library, no other origin.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A schema as an example-like text, references resolved, recursion cut. */
function shape(schema, schemas, depth = 0) {
  if (!schema) return "any";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return depth > 3 ? name : shape(schemas[name], schemas, depth + 1);
  }
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return either.map((one) => shape(one, schemas, depth)).join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  if (types.includes("array")) return `[${shape(schema.items, schemas, depth)}]`;
  if (schema.properties) return fields(schema, schemas, depth);
  return types.map((type) => (schema.format ? `${type} (${schema.format})` : type ?? "any")).join(" | ");
}

function fields(schema, schemas, depth) {
  const required = new Set(schema.required ?? []);
  const indent = "  ".repeat(depth + 1);
  const lines = Object.entries(schema.properties).map(([name, property]) => {
    const comment = property.description ? `  // ${property.description.split("\n")[0]}` : "";
    return `${indent}${name}${required.has(name) ? "" : "?"}: ${shape(property, schemas, depth + 1)}${comment}`;
  });
  return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
}

function bodies(title, content, schemas) {
  return Object.entries(content ?? {}).flatMap(([type, media]) => [
    element("p", { class: "muted" }, `${title} (${type})`),
    element("pre", {}, shape(media.schema, schemas)),
  ]);
}

function parameters(operation) {
  if (!operation.parameters?.length) return null;
  const rows = operation.parameters.map((p) =>
    element("tr", {}, element("td", {}, element("code", {}, p.name)), element("td", {}, p.in), element("td", {}, p.description ?? "")));
  return element("table", {}, element("tr", {}, ...["Parameter", "In", ""].map((text) => element("th", {}, text))), ...rows);
}

function call(path, method, operation, schemas) {
  const text = [operation.summary, operation.description].filter(Boolean).join("\n");
  const answers = Object.entries(operation.responses ?? {}).flatMap(([status, response]) => [
    element("p", {}, element("strong", {}, status), ` ${response.description ?? ""}`),
    ...(status < "300" ? bodies("Answer", response.content, schemas) : []),
  ]);
  const summary = element("summary", {}, element("span", { class: "method" }, method.toUpperCase()), element("code", {}, path),
    element("span", { class: "muted" }, ` ${operation.summary ?? ""}`));
  const inside = element("div", {}, element("p", {}, text), parameters(operation),
    ...bodies("Body", operation.requestBody?.content, schemas), ...answers);
  return element("details", { "data-text": `${method} ${path} ${text}`.toLowerCase() }, summary, inside);
}

function render(document_) {
  const schemas = document_.components?.schemas ?? {};
  const groups = new Map();
  for (const [path, operations] of Object.entries(document_.paths)) {
    for (const method of METHODS.filter((name) => operations[name])) {
      const tag = operations[method].tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(call(path, method, operations[method], schemas));
    }
  }
  const sections = [...groups].map(([tag, calls]) => element("section", {}, element("h2", {}, tag), ...calls));
  document.getElementById("calls").replaceChildren(...sections);
}

document.getElementById("filter").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const details of document.querySelectorAll("details")) {
    details.hidden = !words.every((word) => details.dataset.text.includes(word));
  }
});

fetch("/api/v1/openapi.json")
  .then((response) => response.json())
  .then(render)
  .catch((error) => document.getElementById("calls").replaceChildren(element("p", {}, `The document can't be read: ${error}`)));
