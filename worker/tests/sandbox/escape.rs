//! Programs that try to leave the sandbox or to read what belongs to others.

use engunity_protocol::verdict::Reason;

use crate::lab::{Lab, Program, python, shell};

#[tokio::test]
async fn there_is_no_network() {
    let code = r#"
import socket
for host, port in [("169.254.169.254", 80), ("172.17.0.1", 22), ("10.0.0.1", 80), ("8.8.8.8", 53), ("127.0.0.1", 5672), ("::1", 80), ("2001:4860:4860::8888", 53)]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(2)
    try:
        s.connect((host, port))
        print("REACHED", host)
    except OSError:
        pass
try:
    print("RESOLVED", socket.gethostbyname("example.com"))
except OSError:
    pass
print(sorted(line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]))
"#;
    let ended = Lab::new().await.run(python(code)).await;
    ended.assert(Reason::Ok);
    let reached: Vec<_> =
        ended.text().lines().filter(|line| line.contains("ED ")).map(str::to_owned).collect();
    assert!(reached.is_empty(), "{reached:?}");
    assert!(ended.text().contains("'lo'") && !ended.text().contains("eth"), "{}", ended.text());
}

#[tokio::test]
async fn only_the_two_scratch_folders_can_be_written() {
    let line = "for f in /x /etc/x /usr/bin/x /engunity-agent /root/x /var/tmp/x /run/x /proc/sys/kernel/core_pattern /sys/x /proc/1/oom_score_adj; do
        (echo x > $f) 2>/dev/null && echo WROTE $f; done
        for f in /workspace/x /tmp/x; do (echo x > $f) && echo $f; done";
    let ended = Lab::new().await.run(shell(line)).await;
    assert_eq!(ended.assert(Reason::Ok).text(), "/workspace/x\n/tmp/x\n");
}

#[tokio::test]
async fn the_agent_can_not_be_inspected() {
    let line = "for f in fd environ mem maps cwd exe root; do
        if [ -d /proc/1/$f ]; then ls /proc/1/$f >/dev/null 2>&1 && echo SAW $f; else head -c 1 /proc/1/$f >/dev/null 2>&1 && echo SAW $f; fi; done
        echo hello > /proc/1/fd/1; echo done";
    let ended = Lab::new().await.run(shell(line)).await;
    assert_eq!(ended.assert(Reason::Ok).text(), "done\n");
}

#[tokio::test]
async fn the_agent_can_not_be_killed() {
    let line = "kill -9 1; kill -STOP 1; kill -TERM 1; kill -ABRT 1; kill -SEGV 1; echo alive";
    assert_eq!(Lab::new().await.run(shell(line)).await.assert(Reason::Ok).text(), "alive\n");
}

/// Each system call tries to reach the agent, the kernel or the machine.
#[cfg(target_arch = "x86_64")] // By number, because the C library wraps few of them.
#[tokio::test]
async fn dangerous_system_calls_are_refused() {
    let code = r#"
import ctypes, os, struct
kernel = ctypes.CDLL(None, use_errno=True)
none, limits, mask = 0, struct.pack("QQ", 3, 3), struct.pack("Q", 1)
USER, NET, AGENT = 0x10000000, 0x40000000, 1
calls = {
    "prlimit": (302, AGENT, 7, limits, none), "setpriority": (141, 0, AGENT, 19), "setpriority of all": (141, 2, 0, 19),
    "sched_setaffinity": (203, AGENT, 8, mask), "sched_setscheduler": (144, AGENT, 5, struct.pack("I", 0)),
    "ptrace attach": (101, 16, AGENT, 0, 0), "ptrace seize": (101, 0x4206, AGENT, 0, 0), "process_vm_readv": (310, AGENT, 0, 0, 0, 0, 0),
    "pidfd_getfd": (438, os.pidfd_open(AGENT), 1, 0), "keyctl": (250, 0, -3, 0), "add_key": (248, b"user", b"x", b"y", 1, -2),
    "bpf": (321, 0, 0, 0), "userfaultfd": (323, 0), "io_uring_setup": (425, 8, bytes(256)), "perf_event_open": (298, 0, 0, 0, 0, 0),
    "unshare user": (272, USER), "unshare net": (272, NET), "setns": (308, os.open("/proc/self/ns/net", 0), 0),
    "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0), "umount": (166, b"/tmp", 2), "pivot_root": (155, b"/tmp", b"/tmp"),
    "chroot": (161, b"/tmp"), "setuid": (105, 0), "setgid": (106, 0), "open_by_handle_at": (304, 0, 0, 0),
    "init_module": (175, 0, 0, b""), "kexec_load": (246, 0, 0, 0, 0), "reboot": (169, 0xfee1dead, 672274793, 0, 0),
    "swapon": (167, b"/tmp/x", 0), "sethostname": (170, b"evil", 4), "settimeofday": (164, none, none),
    "socket of the virtual machine": (41, 40, 1, 0), "raw socket": (41, 2, 3, 1), "packet socket": (41, 17, 3, 0),
    "a call by its x32 number": (0x40000000 + 41, 40, 1, 0),
}
for name, call in calls.items():
    if kernel.syscall(*call) != -1: print("ALLOWED", name)
print(len(calls))
"#;
    assert_eq!(Lab::new().await.run(python(code)).await.assert(Reason::Ok).text(), "35\n");
}

/// Only the agent has the file descriptors that lead to the worker.
#[tokio::test]
async fn no_program_can_write_as_the_agent() {
    let code = r#"
import os
def tries(process, fd):
    try: return os.write(os.open(f"/proc/{process}/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK), b"\x00\x00\x00\x02\x81\xa0")
    except OSError: return 0
print(sum(tries(1, fd) for fd in range(64)), [fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}")])
os.write(1, b"\x00\x00\x00\x0eExited\n")
"#;
    let ended = Lab::new().await.run(python(code)).await;
    assert_eq!(ended.assert(Reason::Ok).text(), "0 []\n\0\0\0\u{e}Exited\n");
}

#[tokio::test]
async fn killing_all_processes_kills_only_the_program() {
    let ended = Lab::new().await.run(shell("kill -9 -1; sleep 5")).await;
    assert!(
        matches!(ended.verdict.reason, Reason::Signal | Reason::Ok | Reason::Exit),
        "{:?}",
        ended.verdict
    );
}

#[tokio::test]
async fn the_environment_holds_only_the_given_variables() {
    let env = [("GIVEN".to_owned(), "by the caller".to_owned())].into();
    let ended = Lab::new()
        .await
        .run(Program { env, ..python("import os\nfor k in sorted(os.environ): print(k)") })
        .await;
    let names: Vec<_> = ended.assert(Reason::Ok).text().lines().map(str::to_owned).collect();
    let expected = [
        "GIVEN",
        "HOME",
        "LANG",
        "LOGNAME",
        "PATH",
        "PWD",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "SHELL",
        "TERM",
        "TMPDIR",
        "USER",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn there_are_no_privileges() {
    let line = "grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t ' | sort
        unshare -r true 2>/dev/null && echo UNSHARED; mount -t tmpfs none /tmp 2>/dev/null && echo MOUNTED
        mknod /tmp/disk b 8 0 2>/dev/null && echo MADE; ls /var/run/docker.sock 2>/dev/null && echo SOCKET; ls -A /dev/shm /tmp; true";
    let text = Lab::new().await.run(shell(line)).await.assert(Reason::Ok).text();
    for fact in ["CapBnd:0000000000000000", "CapEff:0000000000000000", "NoNewPrivs:1", "Seccomp:2"] {
        assert!(text.contains(fact), "{text}");
    }
    assert!(text.contains("Uid:65532"), "{text}");
    assert!(!text.contains("ED\n") && !text.contains("MADE") && !text.contains("SOCKET"), "{text}");
}

#[tokio::test]
async fn only_plain_files_leave_the_sandbox() {
    let line = "mkdir out; echo fine > out/a; ln -s /etc/passwd out/link; echo x > hidden; ln hidden out/hard; mkfifo out/fifo; ln -s / out/root; chmod 0 out; chmod 700 out";
    let artifacts = vec!["out".to_owned()];
    let ended = Lab::new().await.run(Program { artifacts, ..shell(line) }).await;
    ended.assert(Reason::Ok);
    let kept = [("out/a", "fine\n"), ("out/hard", "x\n")];
    assert_eq!(ended.artifacts, kept.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())));
    assert_eq!(ended.skipped, ["out/fifo", "out/link", "out/root"]);
}

#[tokio::test]
async fn nothing_is_left_for_the_next_sandbox() {
    let lab = Lab::new().await;
    lab.run(shell("echo secret > /tmp/s; echo secret > s; echo secret > /dev/shm/s; true")).await;
    assert_eq!(lab.run(shell("ls -A /tmp . /dev/shm | grep -x s; true")).await.assert(Reason::Ok).text(), "");
}
