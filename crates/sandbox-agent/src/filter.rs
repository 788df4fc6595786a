//! A seccomp filter for programs. Beside the calls that the engine's profile refuses, it refuses those that reach the
//! agent, which runs as the same user, and those that reach past the sandbox's namespaces.

use std::{io, iter::once};

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO,
    SECCOMP_RET_KILL_PROCESS, sock_filter, sock_fprog,
};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;
/// Numbers from here on are the x32 names of the same calls, or no calls at all.
const OTHER_NUMBERS: u32 = 0x4000_0000;

/// Offsets in the kernel's data for filters: the call's number, the architecture, the lower half of an argument.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

const AGENT: u32 = 1;
/// The value for "all processes of a user", in `setpriority` and in `ioprio_set`.
const USER: u32 = 2;
const IO_USER: u32 = 3;
/// The address families that a network namespace isolates. Others are not isolated: `AF_VSOCK` would lead to the host of
/// a virtual machine.
const NETWORKS: &[u32] =
    &[libc::AF_UNIX as u32, libc::AF_INET as u32, libc::AF_INET6 as u32, libc::AF_NETLINK as u32];

enum When {
    Always,
    /// The argument has this value.
    Is(u32, u32),
    /// The argument has none of these values.
    IsNot(u32, &'static [u32]),
}
use When::{Always, Is, IsNot};

/// What is refused, when, and with which error.
const REFUSED: &[(libc::c_long, When, i32)] = &[
    (libc::SYS_prlimit64, Is(0, AGENT), libc::EPERM),
    (libc::SYS_sched_setaffinity, Is(0, AGENT), libc::EPERM),
    (libc::SYS_sched_setattr, Is(0, AGENT), libc::EPERM),
    (libc::SYS_sched_setparam, Is(0, AGENT), libc::EPERM),
    (libc::SYS_sched_setscheduler, Is(0, AGENT), libc::EPERM),
    (libc::SYS_setpriority, Is(1, AGENT), libc::EPERM),
    (libc::SYS_setpriority, Is(0, USER), libc::EPERM),
    (libc::SYS_ioprio_set, Is(1, AGENT), libc::EPERM),
    (libc::SYS_ioprio_set, Is(0, IO_USER), libc::EPERM),
    (libc::SYS_socket, IsNot(0, NETWORKS), libc::EAFNOSUPPORT),
    // Its operations bypass this filter.
    (libc::SYS_io_uring_setup, Always, libc::ENOSYS),
];

/// The filter, ready to be installed between fork and exec.
pub struct Filter(Vec<sock_filter>);

impl Filter {
    pub fn new() -> Self {
        let rules = REFUSED.iter().flat_map(|(call, when, errno)| rule(*call as u32, when, *errno));
        Self(preamble().into_iter().chain(rules).chain(once(verdict(SECCOMP_RET_ALLOW))).collect())
    }

    /// Installs the filter for this process and all that it starts.
    pub fn install(&self) -> io::Result<()> {
        let program = sock_fprog { len: self.0.len() as u16, filter: self.0.as_ptr().cast_mut() };
        // SAFETY: the kernel copies the program before the call returns.
        let done =
            unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// Calls of other architectures have other numbers: such programs are ended by SIGSYS.
fn preamble() -> [sock_filter; 6] {
    [
        load(ARCH),
        jump(BPF_JEQ, ARCHITECTURE, 1, 0),
        verdict(SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
        jump(BPF_JGE, OTHER_NUMBERS, 0, 1),
        refusal(libc::ENOSYS),
    ]
}

fn rule(call: u32, when: &When, errno: i32) -> Vec<sock_filter> {
    let mut body = match *when {
        Always => Vec::new(),
        Is(index, value) => vec![load(argument(index)), jump(BPF_JEQ, value, 0, 1)],
        IsNot(index, values) => {
            let past = |position: usize| (values.len() - position) as u8;
            let tests = values.iter().enumerate().map(|(at, value)| jump(BPF_JEQ, *value, past(at), 0));
            once(load(argument(index))).chain(tests).collect()
        }
    };
    body.push(refusal(errno));
    let mut rule = vec![load(NUMBER), jump(BPF_JEQ, call, 0, body.len() as u8)];
    rule.append(&mut body);
    rule
}

fn load(offset: u32) -> sock_filter {
    sock_filter { code: (BPF_LD | BPF_W | BPF_ABS) as u16, jt: 0, jf: 0, k: offset }
}

/// Skips `jt` instructions where the comparison holds, else `jf`.
fn jump(comparison: u32, value: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | comparison | BPF_K) as u16, jt, jf, k: value }
}

fn refusal(errno: i32) -> sock_filter {
    verdict(SECCOMP_RET_ERRNO | errno as u32)
}

fn verdict(action: u32) -> sock_filter {
    sock_filter { code: (BPF_RET | BPF_K) as u16, jt: 0, jf: 0, k: action }
}
