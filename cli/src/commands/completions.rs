//! `engunity completions <shell>`: a completion script on stdout.

use clap::CommandFactory;

use crate::{args, failure::Result};

pub fn run(args: &args::Completions) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::Arguments::command(), "engunity", &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script)?;
    Ok(0)
}
