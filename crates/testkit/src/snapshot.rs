//! A project snapshot in the form that workers receive: a tar archive, compressed with zstd.

/// Packs (path, content) pairs as files with mode 0644.
pub fn project<P: AsRef<str>, C: AsRef<[u8]>>(files: &[(P, C)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let content = content.as_ref();
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path.as_ref(), content).expect("a path that a tar can hold");
    }
    zstd::encode_all(&*builder.into_inner().expect("memory"), 1).expect("memory")
}
