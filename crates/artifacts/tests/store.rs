//! The handle against a real S3 server: the one that `ENGUNITY__S3__…` names. Without it (a bare
//! `cargo test` on a machine where nothing runs) these tests say so and pass.

#![allow(clippy::unwrap_used)] // Helpers of tests may unwrap.

use std::time::{Duration, Instant};

use bytes::Bytes;
use engunity_artifacts::{ObjectError, ObjectStore, S3Config};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

fn config() -> Option<S3Config> {
    let get = |name: &str| std::env::var(format!("ENGUNITY__S3__{name}")).ok();
    Some(S3Config {
        endpoint: get("ENDPOINT")?,
        region: get("REGION")?,
        bucket: get("BUCKET")?,
        access_key: get("ACCESS_KEY")?,
        secret_key: get("SECRET_KEY")?,
    })
}

/// A store and a prefix of one's own in it.
fn store() -> Option<(ObjectStore, String)> {
    let Some(config) = config() else {
        eprintln!("skipped: no ENGUNITY__S3__… in the environment");
        return None;
    };
    Some((ObjectStore::new(config).unwrap(), format!("tests/{}/", Uuid::new_v4())))
}

fn pattern(bytes: usize) -> Bytes {
    (0..bytes).map(|i| (i * 31 + i / 251) as u8).collect::<Vec<_>>().into()
}

#[tokio::test]
async fn what_is_put_is_got_listed_and_deleted() {
    let Some((store, prefix)) = store() else { return };
    store.ensure_bucket().await.unwrap();
    store.ping().await.unwrap();
    let key = format!("{prefix}a.txt");
    assert!(!store.exists(&key).await.unwrap());
    assert!(matches!(store.get(&key, 10).await, Err(ObjectError::NotFound(_))));
    store.put(&key, Bytes::from_static(b"hello")).await.unwrap();
    assert_eq!(store.size(&key).await.unwrap(), Some(5));
    assert_eq!(store.get(&key, 5).await.unwrap(), "hello");
    assert!(matches!(store.get(&key, 4).await, Err(ObjectError::TooLarge { limit: 4, .. })));
    store.put(&key, Bytes::new()).await.unwrap();
    assert_eq!(store.get(&key, 5).await.unwrap(), "");
    store.delete(&key).await.unwrap();
    store.delete(&key).await.unwrap();
    assert!(!store.exists(&key).await.unwrap());
}

#[tokio::test]
async fn keys_of_every_kind_survive() {
    let Some((store, prefix)) = store() else { return };
    let names = ["a b+c%2F.txt", "ü/λ 日本.rs", "a&b<c>\"d'.xml", "#?=;@$,!~*().x", "..a/b..", "\\deadbeef"];
    for name in names {
        store.put(&format!("{prefix}{name}"), Bytes::from(name)).await.unwrap();
        assert_eq!(store.get(&format!("{prefix}{name}"), 100).await.unwrap(), name, "{name}");
    }
    let mut listed: Vec<String> =
        store.list(&prefix).map_ok(|e| e.key[prefix.len()..].to_owned()).try_collect().await.unwrap();
    listed.sort();
    let mut expected = names.map(str::to_owned);
    expected.sort();
    assert_eq!(listed, expected);
    assert_eq!(store.delete_prefix(&prefix).await.unwrap(), names.len() as u64);
    assert_eq!(store.list(&prefix).count().await, 0);
}

#[tokio::test]
async fn streams_of_every_length_arrive_whole() {
    let Some((store, prefix)) = store() else { return };
    const PART: usize = 8 << 20;
    for size in [0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 12345] {
        let (key, content) = (format!("{prefix}{size}"), pattern(size));
        let chunks: Vec<_> = content.chunks(700_001).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
        assert_eq!(store.put_stream(&key, stream::iter(chunks)).await.unwrap(), size as u64);
        let object = store.get_stream(&key).await.unwrap();
        assert_eq!(object.size, size as u64);
        let got: Vec<Bytes> = object.body.try_collect().await.unwrap();
        assert!(got.concat() == content, "{size} bytes came back changed");
    }
    store.delete_prefix(&prefix).await.unwrap();
}

#[tokio::test]
async fn a_source_that_fails_leaves_nothing() {
    let Some((store, prefix)) = store() else { return };
    for good in [1, 9 << 20] {
        let source = stream::iter([Ok(pattern(good)), Err(std::io::Error::other("torn"))]);
        let key = format!("{prefix}{good}");
        assert!(matches!(store.put_stream(&key, source).await, Err(ObjectError::Other(_))));
        assert!(!store.exists(&key).await.unwrap());
    }
}

#[tokio::test]
async fn a_file_is_stored_as_it_is() {
    let Some((store, prefix)) = store() else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pattern(300_000)).unwrap();
    let key = format!("{prefix}file");
    assert_eq!(store.put_file(&key, file.path()).await.unwrap(), 300_000);
    assert_eq!(store.get(&key, 1 << 20).await.unwrap(), pattern(300_000));
    store.delete_prefix(&prefix).await.unwrap();
}

#[tokio::test]
async fn refused_credentials_are_not_an_outage() {
    let Some(config) = config() else { return };
    let store = ObjectStore::new(S3Config { secret_key: "wrong".repeat(8), ..config }).unwrap();
    assert!(matches!(store.put("tests/x", Bytes::new()).await, Err(ObjectError::Other(_))));
}

/// Handlers run on a pool of threads: the calls' futures must be able to move between them.
#[allow(dead_code, reason = "checked by the compiler")]
fn futures_are_send(store: &'static ObjectStore) {
    fn is_send(_: impl Send) {}
    is_send(store.put("", Bytes::new()));
    is_send(store.put_stream("", stream::empty()));
    is_send(store.put_file("", std::path::Path::new("")));
    is_send(store.get("", 1));
    is_send(store.delete_prefix(""));
    is_send(store.list(""));
}

/// Every call to a server that is not there, or that takes connections and says nothing, ends soon.
#[tokio::test]
async fn a_dead_server_is_an_answer_and_not_a_hang() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ports = [silent.local_addr().unwrap().port(), gone.local_addr().unwrap().port()];
    drop(gone);
    for port in ports {
        let store = ObjectStore::new(S3Config {
            endpoint: format!("http://127.0.0.1:{port}"),
            region: "test".into(),
            bucket: "bucket".into(),
            access_key: "key".into(),
            secret_key: "secret".into(),
        })
        .unwrap();
        let started = Instant::now();
        let mut listing = store.list("p");
        let (ping, put, get, list, delete) = tokio::join!(
            store.ping(),
            store.put("k", Bytes::from_static(b"x")),
            store.get("k", 1),
            listing.next(),
            store.delete_prefix("p"),
        );
        assert!(started.elapsed() < Duration::from_secs(4));
        let results = [ping.err(), put.err(), get.err(), list.and_then(Result::err), delete.err()];
        assert!(results.iter().all(|e| matches!(e, Some(ObjectError::Unavailable(_)))), "{results:?}");
    }
}
