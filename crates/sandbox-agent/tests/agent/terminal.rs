//! Programs on a terminal: output, typed input, control characters, sizes and the end.

use super::*;

#[test]
fn a_terminal_is_one_and_keeps_the_order_of_both_streams() {
    let mut agent = Agent::new();
    agent.start_on_terminal("tty -s && [ -t 1 ] && [ -t 2 ] && echo is one; for i in 1 2 3; do echo o$i; echo e$i >&2; done; stty size");
    let (exit, stdout, stderr) = agent.end();
    assert_eq!(exit.code, Some(0));
    assert_eq!(stdout, "is one\r\no1\r\ne1\r\no2\r\ne2\r\no3\r\ne3\r\n24 80\r\n");
    assert_eq!(stderr, "");
}

/// Through a pipe, the C library keeps such output in its buffer and the kill loses it.
#[test]
fn what_was_printed_on_a_terminal_is_there_when_the_program_is_killed() {
    let mut agent = Agent::new();
    let line = "awk 'BEGIN { printf \"before\\n\"; while (1) {} }'";
    agent.start_on_terminal(line);
    assert_eq!(agent.until("\n"), "before\r\n");
    agent.send(&ToAgent::Kill);
    assert_eq!(agent.end().0.stopped, Some(Stopped::Killed));
}

#[test]
fn what_is_typed_is_echoed_and_read_and_ctrl_d_ends_it() {
    let mut agent = Agent::new();
    agent.start_on_terminal("printf 'name? '; read name; echo hello $name; cat; echo end");
    agent.until("name? ");
    agent.type_in("you\n");
    assert_eq!(agent.until("hello you\r\n"), "you\r\nhello you\r\n");
    agent.type_in("more\r");
    agent.until("more\r\nmore\r\n");
    agent.type_in("\u{4}");
    assert_eq!(agent.end().1, "end\r\n");
}

#[test]
fn the_end_of_input_ends_a_terminals_too() {
    for (input, expected) in [("line\n", "line\r\nline\r\n"), ("part", "partpart"), ("", "")] {
        let mut agent = Agent::new();
        agent.start_on_terminal("cat; echo; echo end");
        agent.type_in(input);
        agent.send(&ToAgent::StdinEnd);
        assert_eq!(agent.end().1, format!("{expected}\r\nend\r\n"));
    }
}

#[test]
fn ctrl_c_interrupts_the_foreground_and_a_new_size_is_told() {
    let mut agent = Agent::new();
    agent.start_on_terminal(
        "trap 'stty size' WINCH; trap 'echo caught; exit 9' INT; echo on; while :; do sleep 0.05; done",
    );
    agent.until("on\r\n");
    agent.send(&ToAgent::Resize(TerminalSize { rows: 50, cols: 132 }));
    agent.until("50 132\r\n");
    agent.type_in("\u{3}");
    let (exit, stdout, _) = agent.end();
    assert_eq!((exit.code, stdout.as_str()), (Some(9), "^Ccaught\r\n"));
    agent.start_on_terminal("echo on; exec sleep 60");
    agent.until("on\r\n");
    agent.type_in("\u{3}");
    let (exit, stdout, _) = agent.end();
    assert_eq!((exit.signal, stdout.as_str()), (Some(2), "^C"));
}

#[test]
fn a_command_that_is_not_there_says_so_on_a_terminal() {
    let mut agent = Agent::new();
    agent.start("", |start| {
        start.argv = vec!["no-such-program".into()];
        start.tty = Some(TerminalSize { rows: 24, cols: 80 });
    });
    assert_eq!(agent.end().1, "no-such-program: command not found\r\n");
}

#[test]
fn daemons_do_not_hold_a_terminal_open() {
    let mut agent = Agent::new();
    agent.start_on_terminal("setsid sleep 600 & trap '' HUP; sleep 600 & echo started");
    let (exit, stdout, _) = agent.end();
    assert_eq!((exit.code, stdout.as_str()), (Some(0), "started\r\n"));
}
