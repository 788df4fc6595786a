//! A small disk of one's own, for tests that fill it: a memory file system. Only root can mount one.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Mounted until dropped.
pub struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// A disk of `kib` KiB; `None` where this user can't mount one, so that the test says so and ends.
    pub fn new(kib: u64) -> Result<Option<Self>> {
        let dir = tempfile::Builder::new().prefix("disk-").tempdir()?;
        let mounted = mount(&format!("size={kib}k,mode=1777"), dir.path());
        if let Err(error) = mounted {
            eprintln!("skipped: a small disk needs the right to mount one ({error:#})");
            return Ok(None);
        }
        Ok(Some(Self { dir }))
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Makes it larger or smaller.
    pub fn resize(&self, kib: u64) -> Result<()> {
        mount(&format!("remount,size={kib}k"), self.path())
    }

    /// Names of what is on it.
    pub fn files(&self) -> Result<Vec<String>> {
        let entries = std::fs::read_dir(self.path())?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}

fn mount(options: &str, at: &Path) -> Result<()> {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).stdin(Stdio::null());
    let output = command.output().context("mount")?;
    ensure!(output.status.success(), "mount: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
