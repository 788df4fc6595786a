//! `engunity completions <shell>`: a completion script on stdout.

use clap::CommandFactory;
use serde_json::json;

use crate::{args, error::Result, output::Out};

pub fn run(out: &Out, args: &args::Completions) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::Arguments::command(), "engunity", &mut script);
    let script = String::from_utf8_lossy(&script);
    out.result(&json!({"shell": args.shell.to_string(), "script": script}), || script.to_string())?;
    Ok(0)
}
