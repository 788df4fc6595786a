//! The file that is open is run with the files that it needs, as its users would run it.

use engunity_protocol::{job::RunRequest, verdict::Reason};

use crate::lab::{Ended, Lab, Program, shell};

async fn run(entry: &str, files: &[(&str, &str)]) -> Ended {
    let lab = Lab::new().await;
    let request = RunRequest { entry: Some(entry.to_owned()), ..RunRequest::default() };
    let resolved = lab.catalog.resolve(&request, None).unwrap();
    let runtime = lab.catalog.by_name(&resolved.runtime).unwrap().name.clone();
    let program = Program {
        runtime: runtime.leak(),
        command: resolved.command,
        files: files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect(),
        env: resolved.env,
        limits: resolved.limits,
        ..shell("")
    };
    lab.run(program).await
}

async fn prints(entry: &str, files: &[(&str, &str)], expected: &str) {
    let ended = run(entry, files).await;
    assert_eq!(ended.assert(Reason::Ok).text(), expected, "{entry}");
}

const GO_MAIN: &str = "package main\n\nfunc main() { helper() }\n";
const GO_HELPER: &str = "package main\n\nimport \"fmt\"\n\nfunc helper() { fmt.Println(\"helped\") }\n";

#[tokio::test]
async fn go_runs_the_package_of_the_file() {
    let test = ("main_test.go", "package main\n\nfunc main() {}\n");
    prints("main.go", &[("main.go", GO_MAIN), ("helper.go", GO_HELPER), test], "helped\n").await;
    let module = "module example.com/app\n\ngo 1.19\n";
    let main = "package main\n\nimport \"example.com/app/greet\"\n\nfunc main() { greet.Hi() }\n";
    let greet = "package greet\n\nimport \"fmt\"\n\nfunc Hi() { fmt.Println(\"hi\") }\n";
    for entry in ["app/cmd/hi/main.go", "app/cmd/a b/main.go"] {
        let files = [("app/go.mod", module), (entry, main), ("app/greet/greet.go", greet)];
        prints(entry, &files, "hi\n").await;
    }
}

#[tokio::test]
async fn go_runs_one_of_many_programs_in_a_folder() {
    let hello = "package main\n\nfunc main() { println(\"other\") }\n";
    let one = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"one\") }\n";
    prints("x/one.go", &[("x/one.go", one), ("x/hello.go", hello)], "one\n").await;
}

#[tokio::test]
async fn java_runs_a_class_with_its_source_tree() {
    let main = "public class Main { public static void main(String[] a) { System.out.println(new Helper().name()); } }";
    let helper = "class Helper { String name() { return \"helped\"; } }";
    prints("Main.java", &[("Main.java", main), ("Helper.java", helper)], "helped\n").await;
    let app = "package com.example;\nimport com.example.util.Text;\npublic class App { public static void main(String[] a) { System.out.println(Text.SAY); } }";
    let text = "package com.example.util;\npublic class Text { public static final String SAY = \"said\"; }";
    let files =
        [("src/main/java/com/example/App.java", app), ("src/main/java/com/example/util/Text.java", text)];
    prints("src/main/java/com/example/App.java", &files, "said\n").await;
    let lone = "class Other { public static void main(String[] a) { System.out.println(\"alone\"); } }";
    prints("lone.java", &[("lone.java", lone), ("Helper.java", helper)], "alone\n").await;
}

#[tokio::test]
async fn rust_runs_the_target_of_the_file() {
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let files = [
        ("app/Cargo.toml", manifest),
        ("app/src/lib.rs", "pub fn hi() -> &'static str { \"hi\" }"),
        ("app/src/main.rs", "fn main() { println!(\"main {}\", app::hi()); }"),
        ("app/src/bin/other.rs", "fn main() { println!(\"other {}\", app::hi()); }"),
    ];
    prints("app/src/main.rs", &files, "main hi\n").await;
    prints("app/src/bin/other.rs", &files, "other hi\n").await;
    let alone = [
        ("main.rs", "mod helper;\nfn main() { helper::hi(); }"),
        ("helper.rs", "pub fn hi() { println!(\"hi\") }"),
    ];
    prints("main.rs", &alone, "hi\n").await;
}

#[tokio::test]
async fn c_links_the_sources_of_its_folder_where_it_needs_them() {
    let main = "#include \"helper.h\"\nint main(void) { help(); }";
    let helper = "#include <stdio.h>\n#include \"helper.h\"\nvoid help(void) { puts(\"helped\"); }";
    let files = [
        ("x/main.c", main),
        ("x/helper.h", "void help(void);"),
        ("x/helper.c", helper),
        ("x/other.c", "int main(void) { return 1; }"),
    ];
    prints("x/main.c", &files, "helped\n").await;
    let unneeded =
        [("main.c", "#include <stdio.h>\nint main(void) { puts(\"alone\"); }"), ("broken.c", "not C")];
    prints("main.c", &unneeded, "alone\n").await;
    let ended = run("broken.c", &unneeded).await;
    assert!(String::from_utf8_lossy(&ended.assert(Reason::Exit).stderr).contains("broken.c:1"));
    let cpp = [
        ("main.cpp", "void help();\nint main() { help(); }"),
        ("helper.cc", "#include <iostream>\nvoid help() { std::cout << \"helped\\n\"; }"),
    ];
    prints("main.cpp", &cpp, "helped\n").await;
}

#[tokio::test]
async fn typescript_runs() {
    let main = "import { greet, type Name } from './lib/greet.js';\nimport * as data from './data.json';\nenum Kind { A = 'a' }\nconst name: Name = 'you';\nconsole.log(greet(name), Kind.A, data.n);";
    let greet = "export type Name = string;\nexport const greet = (name: Name): string => `hi ${name}`;";
    let files = [("src/main.ts", main), ("src/lib/greet.ts", greet), ("src/data.json", "{\"n\": 7}")];
    prints("src/main.ts", &files, "hi you a 7\n").await;
    let ended = run("bad.ts", &[("bad.ts", "const x: = 1;\n")]).await;
    let errors = String::from_utf8_lossy(&ended.assert(Reason::Exit).stderr).into_owned();
    assert!(errors.contains("bad.ts:1"), "{errors}");
    let thrown =
        run("main.ts", &[("main.ts", "type A = {\n  a: string;\n};\nthrow new Error('x' as string);\n")])
            .await;
    let errors = String::from_utf8_lossy(&thrown.assert(Reason::Exit).stderr).into_owned();
    assert!(errors.contains("main.ts:4"), "{errors}");
}

#[tokio::test]
async fn scripts_find_what_lies_beside_them() {
    prints("x/main.py", &[("x/main.py", "import helper"), ("x/helper.py", "print('helped')")], "helped\n")
        .await;
    let js = [("x/main.js", "require('./helper')"), ("x/helper.js", "console.log('helped')")];
    prints("x/main.js", &js, "helped\n").await;
    let ruby = [("x/main.rb", "require_relative 'helper'"), ("x/helper.rb", "puts 'helped'")];
    prints("x/main.rb", &ruby, "helped\n").await;
}
