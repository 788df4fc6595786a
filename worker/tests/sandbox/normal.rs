//! A sandbox is a normal Linux machine for the programs in it: what they inherit, loopback, files in memory.

use engunity_protocol::{
    spec::{Command, Limits},
    verdict::Reason,
};
use engunity_worker::sandbox::SandboxError;

use crate::lab::{Lab, Program, docker, finish, python, shell, wait_until_gone};

fn argv(words: &[&str]) -> Program {
    Program { command: Command::Argv(words.iter().map(|word| word.to_string()).collect()), ..python("") }
}

/// Only what protects the agent and the host differs from a login shell.
#[tokio::test]
async fn a_program_inherits_what_a_login_shell_gives() {
    let code = r#"
import grp, os, pwd, resource, signal
status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
print(*(status[name].strip() for name in ("SigBlk", "SigPnd", "ShdPnd")), status["Umask"].strip(), os.getgroups(), os.getgid())
print([s for s in signal.valid_signals() if signal.getsignal(s) not in (signal.SIG_DFL, None) and s not in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)])
print(open("/proc/self/personality").read().strip(), repr(open("/proc/self/timers").read()))
print([resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in ("CPU", "FSIZE", "DATA", "AS", "NOFILE", "CORE", "STACK", "NICE", "RTPRIO")])
print(os.getsid(0) == os.getpgid(0) == os.getpid(), os.nice(0), os.getcwd(), os.environ["PWD"], sorted(os.listdir("/proc/self/fd")))
user = pwd.getpwuid(os.getuid())
print(user.pw_name, os.environ["USER"], os.environ["LOGNAME"], user.pw_shell, os.environ["SHELL"], grp.getgrgid(os.getgid()).gr_name)
try: os.open("/dev/tty", os.O_RDWR)
except OSError: print("no terminal")
"#;
    let files = vec![("main.py".to_owned(), code.to_owned())];
    let program = || Program { files: files.clone(), ..argv(&["python3", "main.py"]) };
    let lab = Lab::new().await;
    let text = lab.run(program()).await.assert(Reason::Ok).text();
    let expected = "0000000000000000 0000000000000000 0000000000000000 0022 [65532] 65532
[]
00000000 ''
[(-1, -1), (-1, -1), (-1, -1), (-1, -1), (1024, 1024), (0, 0), (8388608, -1), (0, 0), (0, 0)]
True NICE /workspace /workspace ['0', '1', '2', '3']
sandbox sandbox sandbox /bin/sh /bin/sh sandbox
no terminal
";
    // A container's own is the engine's.
    let image = lab.spec(&program()).image;
    let nice = docker(&["run", "--rm", "--network", "none", "--entrypoint", "nice", &image]);
    let expected = expected.replace("NICE", &nice);
    assert_eq!(text, expected);
    let from_a_shell = Program { command: Command::Shell("exec python3 main.py".into()), ..program() };
    assert_eq!(lab.run(from_a_shell).await.assert(Reason::Ok).text(), expected);
}

/// With SIGCHLD blocked the handler never ran, and servers and test suites waited for ever.
#[tokio::test]
async fn a_program_hears_of_its_children() {
    let code = r#"
import os, signal, time
heard = []
signal.signal(signal.SIGCHLD, lambda *_: heard.append(1))
if os.fork() == 0: os._exit(0)
end = time.time() + 5
while not heard and time.time() < end: time.sleep(0.01)
print(len(heard))
"#;
    let files = vec![("main.py".to_owned(), code.to_owned())];
    let ended = Lab::new().await.run(Program { files, ..argv(&["python3", "main.py"]) }).await;
    assert_eq!(ended.assert(Reason::Ok).text(), "1\n");
}

#[tokio::test]
async fn loopback_is_a_whole_network() {
    let code = r#"
import socket
print(socket.gethostname(), socket.gethostbyname(socket.gethostname()), socket.gethostbyname("localhost"))
def reach(family, host):
    with socket.socket(family) as server, socket.socket(family) as client:
        server.bind((host, 0)); server.listen()
        client.connect(server.getsockname()[:2]); return server.accept()[1][0]
print(reach(socket.AF_INET, "127.0.0.1"), reach(socket.AF_INET, "localhost"), reach(socket.AF_INET, socket.gethostname()))
try: print(reach(socket.AF_INET6, "::1"))
except OSError as error: print(error)
for *_, address in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM): print(address[0])
"#;
    let text = Lab::new().await.run(python(code)).await.assert(Reason::Ok).text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["sandbox 127.0.0.1 127.0.0.1", "127.0.0.1 127.0.0.1 127.0.0.1"]);
    if std::path::Path::new("/proc/net/if_inet6").exists() {
        assert_eq!(lines[2], "::1", "{text}");
    }
}

#[tokio::test]
async fn shared_memory_follows_the_memory_limit() {
    let code = "import mmap, os
f = os.open('/dev/shm/x', os.O_CREAT | os.O_RDWR); os.ftruncate(f, 48 << 20)
m = mmap.mmap(f, 48 << 20)
for at in range(0, 48 << 20, 4096): m[at] = 1
s = os.statvfs('/dev/shm'); print(s.f_blocks * s.f_frsize >> 20)";
    let program = python(code);
    let limits = Limits { memory_mb: 512, ..program.limits };
    let ended = Lab::new().await.run(Program { limits, ..program }).await;
    assert_eq!(ended.assert(Reason::Ok).text(), "256\n");
}

#[tokio::test]
async fn full_shared_memory_says_why() {
    let fill = "import mmap, os
f = os.open('/dev/shm/x', os.O_CREAT | os.O_RDWR); os.ftruncate(f, 100 << 20)
m = mmap.mmap(f, 100 << 20)
GONE
for at in range(0, 100 << 20, 4096): m[at] = 1";
    let lab = Lab::new().await;
    for gone in ["", "os.unlink('/dev/shm/x')"] {
        let ended = lab.run(python(&fill.replace("GONE", gone))).await;
        ended.assert(Reason::Disk);
        let evidence = &ended.verdict.evidence;
        assert!(evidence.contains("/dev/shm") && evidence.contains("SIGBUS"), "{evidence}");
    }
    let written = lab.run(shell("head -c 100000000 /dev/zero > /dev/shm/x")).await;
    written.assert(Reason::Disk);
    assert_eq!(written.verdict.evidence, "/dev/shm full (64 MiB)");
}

#[tokio::test]
async fn files_that_fill_the_memory_are_named() {
    let program =
        shell("head -c 70000000 /dev/zero > /tmp/x; head -c 70000000 /dev/zero > x; cat x x > /dev/shm/y");
    let limits = Limits { disk_mb: 100, ..program.limits };
    let program = Program { limits, ..program };
    let lab = Lab::new().await;
    // The kernel may kill the agent with the program, as README's limits say; then there is no report to look at.
    for _ in 0..20 {
        let (mut agent, job) = lab.open(&program).await;
        agent.start(lab.start(&program), None, false).await.unwrap();
        let ended = finish(&mut agent, &program.limits).await;
        drop(agent);
        wait_until_gone(job).await;
        match ended {
            Err(SandboxError::Gone) => {}
            ended => {
                let ended = ended.unwrap();
                ended.assert(Reason::Oom);
                let evidence = &ended.verdict.evidence;
                return assert!(evidence.contains("files in memory included: "), "{evidence}");
            }
        }
    }
    panic!("no run was reported");
}
