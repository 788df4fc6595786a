/* Generated from languages/ by `cargo run -p engunity-languages --bin web-tables`. */
export type LanguageIcon = "braces" | "code" | "database" | "gem" | "hash" | "settings" | "style" | "table" | "terminal" | "text";

export interface Language {
  id: string;
  title: string;
  extensions: string[];
  /** Whole file names, lower case; they win over extensions. */
  fileNames: string[];
  /** All words for it: id, aliases, its runtime's name. */
  names: string[];
  icon: LanguageIcon;
  colour: "amber" | "blue" | "cyan" | "green" | "orange" | "rose" | "slate" | "violet";
  mark?: string;
  /** Monaco's id of it. */
  monaco: string;
  prose?: true;
  comments: { line?: string; block?: [string, string] };
  outline?: { kind: "class" | "function"; pattern: string }[];
}

export const LANGUAGES: readonly Language[] = [
  {"id":"bash","title":"Shell","extensions":["sh","bash","zsh"],"fileNames":[],"names":["bash","sh","shell"],"icon":"terminal","colour":"green","mark":"$_","monaco":"shell","comments":{"line":"#"},"outline":[{"kind":"function","pattern":"^\\s*(?:function\\s+)?([\\w-]+)\\s*\\(\\)\\s*\\{?"}]},
  {"id":"c","title":"C","extensions":["c","h"],"fileNames":[],"names":["c"],"icon":"hash","colour":"blue","mark":"C","monaco":"c","comments":{"line":"//","block":["/*","*/"]},"outline":[{"kind":"class","pattern":"^\\s*(?:typedef\\s+)?(?:class|struct|enum|union|namespace)\\s+([A-Za-z_]\\w*)[^;]*$"},{"kind":"function","pattern":"^\\s*(?:[\\w:*&<>,~\\s]+\\s+[*&]*)((?!(?:if|for|while|switch|return|else|new)\\b)~?[A-Za-z_]\\w*(?:::~?\\w+)*)\\s*\\([^;]*$"}]},
  {"id":"cmake","title":"CMake","extensions":["cmake"],"fileNames":["cmakelists.txt"],"names":["cmake"],"icon":"settings","colour":"slate","monaco":"cmake","comments":{"line":"#","block":["#[[","]]"]}},
  {"id":"cpp","title":"C++","extensions":["cpp","cc","cxx","hpp","hh","hxx"],"fileNames":[],"names":["cpp","c++","cxx"],"icon":"hash","colour":"violet","mark":"C+","monaco":"cpp","comments":{"line":"//","block":["/*","*/"]},"outline":[{"kind":"class","pattern":"^\\s*(?:typedef\\s+)?(?:class|struct|enum|union|namespace)\\s+([A-Za-z_]\\w*)[^;]*$"},{"kind":"function","pattern":"^\\s*(?:[\\w:*&<>,~\\s]+\\s+[*&]*)((?!(?:if|for|while|switch|return|else|new)\\b)~?[A-Za-z_]\\w*(?:::~?\\w+)*)\\s*\\([^;]*$"}]},
  {"id":"csharp","title":"C#","extensions":["cs"],"fileNames":[],"names":["csharp","c#"],"icon":"code","colour":"violet","mark":"C#","monaco":"csharp","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"css","title":"CSS","extensions":["css"],"fileNames":[],"names":["css"],"icon":"style","colour":"violet","monaco":"css","comments":{"block":["/*","*/"]}},
  {"id":"csv","title":"CSV","extensions":["csv","tsv"],"fileNames":[],"names":["csv"],"icon":"table","colour":"green","monaco":"csv","comments":{}},
  {"id":"dart","title":"Dart","extensions":["dart"],"fileNames":[],"names":["dart"],"icon":"code","colour":"cyan","monaco":"dart","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"dockerfile","title":"Dockerfile","extensions":["dockerfile"],"fileNames":["dockerfile","containerfile"],"names":["dockerfile","docker"],"icon":"settings","colour":"cyan","monaco":"dockerfile","comments":{"line":"#"}},
  {"id":"elixir","title":"Elixir","extensions":["ex","exs"],"fileNames":[],"names":["elixir"],"icon":"code","colour":"violet","mark":"Ex","monaco":"elixir","comments":{"line":"#"}},
  {"id":"go","title":"Go","extensions":["go"],"fileNames":["go.mod"],"names":["go","golang"],"icon":"code","colour":"cyan","mark":"Go","monaco":"go","comments":{"line":"//","block":["/*","*/"]},"outline":[{"kind":"class","pattern":"^type\\s+(\\w+)"},{"kind":"function","pattern":"^func\\s+(?:\\([^)]*\\)\\s*)?(\\w+)"}]},
  {"id":"graphql","title":"GraphQL","extensions":["graphql","gql"],"fileNames":[],"names":["graphql"],"icon":"code","colour":"rose","monaco":"graphql","comments":{"line":"#"}},
  {"id":"hcl","title":"HCL","extensions":["tf","tfvars","hcl"],"fileNames":[],"names":["hcl","terraform"],"icon":"settings","colour":"violet","monaco":"hcl","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"html","title":"HTML","extensions":["html","htm"],"fileNames":[],"names":["html"],"icon":"code","colour":"orange","monaco":"html","comments":{"block":["<!--","-->"]}},
  {"id":"ini","title":"INI","extensions":["ini","cfg","conf","properties","env"],"fileNames":[".env",".editorconfig"],"names":["ini"],"icon":"settings","colour":"slate","monaco":"ini","comments":{"line":"#"}},
  {"id":"java","title":"Java","extensions":["java"],"fileNames":[],"names":["java"],"icon":"code","colour":"rose","mark":"Ja","monaco":"java","comments":{"line":"//","block":["/*","*/"]},"outline":[{"kind":"class","pattern":"^\\s*(?:[\\w@]+\\s+)*(?:class|interface|enum|record)\\s+(\\w+)"},{"kind":"function","pattern":"^\\s*(?:(?:public|private|protected|static|final|abstract|synchronized)\\s+)+[\\w<>[\\],.?\\s]+\\s+(\\w+)\\s*\\([^;]*$"}]},
  {"id":"javascript","title":"JavaScript","extensions":["js","mjs","cjs","jsx"],"fileNames":[],"names":["javascript","js","node"],"icon":"code","colour":"amber","mark":"JS","monaco":"javascript","comments":{"line":"//","block":["/*","*/"]},"outline":[{"kind":"class","pattern":"^\\s*(?:export\\s+)?(?:default\\s+)?(?:abstract\\s+)?(?:class|interface|enum|namespace)\\s+(\\w+)"},{"kind":"function","pattern":"^\\s*(?:export\\s+)?(?:default\\s+)?(?:async\\s+)?function\\s*\\*?\\s*(\\w+)"},{"kind":"function","pattern":"^(?:export\\s+)?(?:const|let)\\s+(\\w+)\\s*=\\s*(?:async\\s*)?(?:\\([^)]*\\)|\\w+)\\s*(?::[^=]+)?=>"},{"kind":"function","pattern":"^\\s+(?:(?:public|private|protected|static|async|override|get|set)\\s+)*((?!(?:if|for|while|switch|catch|return|function)\\b)#?\\w+)\\s*\\([^;]*\\)\\s*(?::[^{]+)?\\{\\s*$"}]},
  {"id":"json","title":"JSON","extensions":["json","jsonc","ipynb","webmanifest"],"fileNames":[],"names":["json","jsonc"],"icon":"braces","colour":"amber","monaco":"json","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"julia","title":"Julia","extensions":["jl"],"fileNames":[],"names":["julia"],"icon":"code","colour":"green","mark":"Jl","monaco":"julia","comments":{"line":"#","block":["#=","=#"]}},
  {"id":"kotlin","title":"Kotlin","extensions":["kt","kts"],"fileNames":[],"names":["kotlin"],"icon":"code","colour":"rose","mark":"Kt","monaco":"kotlin","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"less","title":"Less","extensions":["less"],"fileNames":[],"names":["less"],"icon":"style","colour":"violet","monaco":"less","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"lua","title":"Lua","extensions":["lua"],"fileNames":[],"names":["lua"],"icon":"code","colour":"blue","mark":"Lu","monaco":"lua","comments":{"line":"--","block":["--[[","]]"]}},
  {"id":"makefile","title":"Makefile","extensions":["mk"],"fileNames":["makefile","gnumakefile"],"names":["makefile"],"icon":"settings","colour":"slate","monaco":"makefile","comments":{"line":"#"}},
  {"id":"markdown","title":"Markdown","extensions":["md","markdown"],"fileNames":[],"names":["markdown","md"],"icon":"text","colour":"cyan","monaco":"markdown","prose":true,"comments":{"block":["<!--","-->"]}},
  {"id":"mdx","title":"MDX","extensions":["mdx"],"fileNames":[],"names":["mdx"],"icon":"text","colour":"cyan","monaco":"mdx","prose":true,"comments":{"block":["{/*","*/}"]}},
  {"id":"perl","title":"Perl","extensions":["pl","pm"],"fileNames":[],"names":["perl"],"icon":"code","colour":"blue","mark":"Pl","monaco":"perl","comments":{"line":"#"}},
  {"id":"php","title":"PHP","extensions":["php"],"fileNames":[],"names":["php"],"icon":"code","colour":"violet","monaco":"php","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"plaintext","title":"Plain Text","extensions":["txt","log"],"fileNames":[],"names":["plaintext","text"],"icon":"text","colour":"slate","monaco":"plaintext","prose":true,"comments":{}},
  {"id":"powershell","title":"PowerShell","extensions":["ps1","psm1"],"fileNames":[],"names":["powershell","pwsh"],"icon":"terminal","colour":"blue","monaco":"powershell","comments":{"line":"#","block":["<#","#>"]}},
  {"id":"protobuf","title":"Protocol Buffers","extensions":["proto"],"fileNames":[],"names":["protobuf","proto"],"icon":"braces","colour":"slate","monaco":"proto","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"python","title":"Python","extensions":["py","pyi","pyw"],"fileNames":[],"names":["python","py"],"icon":"code","colour":"blue","mark":"Py","monaco":"python","comments":{"line":"#"},"outline":[{"kind":"class","pattern":"^\\s*class\\s+(\\w+)"},{"kind":"function","pattern":"^\\s*(?:async\\s+)?def\\s+(\\w+)"}]},
  {"id":"r","title":"R","extensions":["r"],"fileNames":[],"names":["r"],"icon":"code","colour":"blue","mark":"R","monaco":"r","comments":{"line":"#"}},
  {"id":"restructuredtext","title":"reStructuredText","extensions":["rst"],"fileNames":[],"names":["restructuredtext","rst"],"icon":"text","colour":"cyan","monaco":"restructuredtext","prose":true,"comments":{"line":".."}},
  {"id":"ruby","title":"Ruby","extensions":["rb"],"fileNames":["gemfile","rakefile"],"names":["ruby","rb"],"icon":"gem","colour":"rose","mark":"Rb","monaco":"ruby","comments":{"line":"#"},"outline":[{"kind":"class","pattern":"^\\s*(?:class|module)\\s+([\\w:]+)"},{"kind":"function","pattern":"^\\s*def\\s+([\\w.?!=]+)"}]},
  {"id":"rust","title":"Rust","extensions":["rs"],"fileNames":[],"names":["rust","rs"],"icon":"code","colour":"orange","mark":"Rs","monaco":"rust","comments":{"line":"//","block":["/*","*/"]},"outline":[{"kind":"class","pattern":"^\\s*(?:pub(?:\\([^)]*\\))?\\s+)?(?:struct|enum|trait|mod|union)\\s+(\\w+)"},{"kind":"class","pattern":"^\\s*impl(?:<[^>]*>)?\\s+(.+?)\\s*(?:where.*)?\\{"},{"kind":"function","pattern":"^\\s*(?:pub(?:\\([^)]*\\))?\\s+)?(?:const\\s+|async\\s+|unsafe\\s+|extern\\s+\"C\"\\s+)*fn\\s+(\\w+)"}]},
  {"id":"scala","title":"Scala","extensions":["scala"],"fileNames":[],"names":["scala"],"icon":"code","colour":"rose","mark":"Sc","monaco":"scala","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"scss","title":"SCSS","extensions":["scss"],"fileNames":[],"names":["scss"],"icon":"style","colour":"violet","monaco":"scss","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"sql","title":"SQL","extensions":["sql"],"fileNames":[],"names":["sql"],"icon":"database","colour":"violet","monaco":"sql","comments":{"line":"--","block":["/*","*/"]}},
  {"id":"swift","title":"Swift","extensions":["swift"],"fileNames":[],"names":["swift"],"icon":"code","colour":"orange","mark":"Sw","monaco":"swift","comments":{"line":"//","block":["/*","*/"]}},
  {"id":"toml","title":"TOML","extensions":["toml"],"fileNames":["cargo.lock","poetry.lock","uv.lock"],"names":["toml"],"icon":"settings","colour":"slate","monaco":"ini","comments":{"line":"#"}},
  {"id":"tsx","title":"TypeScript JSX","extensions":["tsx"],"fileNames":[],"names":["tsx"],"icon":"code","colour":"cyan","mark":"TS","monaco":"typescript","comments":{"line":"//","block":["/*","*/"]},"outline":[{"kind":"class","pattern":"^\\s*(?:export\\s+)?(?:default\\s+)?(?:abstract\\s+)?(?:class|interface|enum|namespace)\\s+(\\w+)"},{"kind":"function","pattern":"^\\s*(?:export\\s+)?(?:default\\s+)?(?:async\\s+)?function\\s*\\*?\\s*(\\w+)"},{"kind":"function","pattern":"^(?:export\\s+)?(?:const|let)\\s+(\\w+)\\s*=\\s*(?:async\\s*)?(?:\\([^)]*\\)|\\w+)\\s*(?::[^=]+)?=>"},{"kind":"function","pattern":"^\\s+(?:(?:public|private|protected|static|async|override|get|set)\\s+)*((?!(?:if|for|while|switch|catch|return|function)\\b)#?\\w+)\\s*\\([^;]*\\)\\s*(?::[^{]+)?\\{\\s*$"}]},
  {"id":"typescript","title":"TypeScript","extensions":["ts","mts","cts"],"fileNames":[],"names":["typescript","ts"],"icon":"code","colour":"cyan","mark":"TS","monaco":"typescript","comments":{"line":"//","block":["/*","*/"]},"outline":[{"kind":"class","pattern":"^\\s*(?:export\\s+)?(?:default\\s+)?(?:abstract\\s+)?(?:class|interface|enum|namespace)\\s+(\\w+)"},{"kind":"function","pattern":"^\\s*(?:export\\s+)?(?:default\\s+)?(?:async\\s+)?function\\s*\\*?\\s*(\\w+)"},{"kind":"function","pattern":"^(?:export\\s+)?(?:const|let)\\s+(\\w+)\\s*=\\s*(?:async\\s*)?(?:\\([^)]*\\)|\\w+)\\s*(?::[^=]+)?=>"},{"kind":"function","pattern":"^\\s+(?:(?:public|private|protected|static|async|override|get|set)\\s+)*((?!(?:if|for|while|switch|catch|return|function)\\b)#?\\w+)\\s*\\([^;]*\\)\\s*(?::[^{]+)?\\{\\s*$"}]},
  {"id":"vue","title":"Vue","extensions":["vue"],"fileNames":[],"names":["vue"],"icon":"code","colour":"green","monaco":"html","comments":{"block":["<!--","-->"]}},
  {"id":"xml","title":"XML","extensions":["xml","svg","xsl"],"fileNames":[],"names":["xml"],"icon":"code","colour":"orange","monaco":"xml","comments":{"block":["<!--","-->"]}},
  {"id":"yaml","title":"YAML","extensions":["yml","yaml"],"fileNames":[],"names":["yaml","yml"],"icon":"settings","colour":"slate","monaco":"yaml","comments":{"line":"#"}},
];
