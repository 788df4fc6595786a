//! Which language a file is written in, by its name: what editors call it. Pure.

/// The editor's name of the language of `path`, where its name tells.
pub fn of(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    by_name(&name)
        .or_else(|| name.rsplit_once('.').and_then(|(_, extension)| by_extension(extension)))
        .map(str::to_owned)
}

fn by_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "dockerfile" | "containerfile" => "dockerfile",
        "makefile" | "gnumakefile" => "makefile",
        "cmakelists.txt" => "cmake",
        "gemfile" | "rakefile" => "ruby",
        "go.mod" => "go",
        "cargo.lock" | "poetry.lock" => "toml",
        _ => return None,
    })
}

fn by_extension(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "py" | "pyi" | "pyw" => "python",
        "js" | "mjs" | "cjs" | "jsx" => "javascript",
        "ts" | "mts" | "cts" | "tsx" => "typescript",
        "json" | "jsonc" | "ipynb" | "webmanifest" => "json",
        "html" | "htm" => "html",
        "css" => "css",
        "scss" => "scss",
        "less" => "less",
        "md" | "markdown" => "markdown",
        "rs" => "rust",
        "go" => "go",
        "c" | "h" => "c",
        "cpp" | "cc" | "cxx" | "hpp" | "hh" | "hxx" => "cpp",
        "java" => "java",
        "kt" | "kts" => "kotlin",
        "rb" => "ruby",
        "php" => "php",
        "cs" => "csharp",
        "swift" => "swift",
        "scala" => "scala",
        "lua" => "lua",
        "pl" | "pm" => "perl",
        "r" => "r",
        "sh" | "bash" | "zsh" => "shell",
        "sql" => "sql",
        "yml" | "yaml" => "yaml",
        "toml" => "toml",
        "ini" | "cfg" | "conf" | "properties" => "ini",
        "xml" | "svg" | "xsl" => "xml",
        "txt" | "log" | "csv" => "plaintext",
        "mk" => "makefile",
        "graphql" | "gql" => "graphql",
        "proto" => "protobuf",
        "vue" => "vue",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_by_name_and_extension() {
        for (path, language) in [
            ("src/main.PY", Some("python")),
            ("Dockerfile", Some("dockerfile")),
            ("a/b.tsx", Some("typescript")),
            ("README", None),
            (".gitignore", None),
            ("x.unknown", None),
        ] {
            assert_eq!(of(path).as_deref(), language, "{path}");
        }
    }
}
