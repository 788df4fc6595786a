//! What one project may hold.

/// The most that one project may hold.
#[derive(Debug, Clone, Copy)]
pub struct ProjectQuota {
    pub files: i64,
    pub bytes: i64,
}

impl ProjectQuota {
    pub(crate) fn allows(&self, files: i64, bytes: i64) -> bool {
        files <= self.files && bytes <= self.bytes
    }
}
