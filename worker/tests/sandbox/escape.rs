//! Programs that want out, or want to see what is not theirs.

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
async fn the_agent_can_not_be_looked_into() {
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

#[tokio::test]
async fn killing_everyone_kills_oneself_only() {
    let ended = Lab::new().await.run(shell("kill -9 -1; sleep 5")).await;
    assert!(
        matches!(ended.verdict.reason, Reason::Signal | Reason::Ok | Reason::Exit),
        "{:?}",
        ended.verdict
    );
}

#[tokio::test]
async fn the_environment_is_what_was_given() {
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
        "PATH",
        "PWD",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "TERM",
        "TMPDIR",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn there_are_no_privileges_to_be_had() {
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
    assert_eq!(ended.artifacts, [("out/a".to_owned(), b"fine\n".to_vec())]);
    assert_eq!(ended.skipped, ["out/fifo", "out/hard", "out/link", "out/root"]);
}

#[tokio::test]
async fn nothing_is_left_for_the_next() {
    let lab = Lab::new().await;
    lab.run(shell("echo secret > /tmp/s; echo secret > s; echo secret > /dev/shm/s; true")).await;
    assert_eq!(lab.run(shell("ls -A /tmp . /dev/shm | grep -x s; true")).await.assert(Reason::Ok).text(), "");
}
