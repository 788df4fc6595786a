//! `engunity admin`, with the real binary against a coordinator.

#[allow(dead_code)] // this file needs a part of it
mod support;

use anyhow::Result;
use engunity_testkit::TestLab;
use support::Person;

#[tokio::test]
async fn an_administrator_sees_and_changes_accounts_and_limits() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let (root, ada) = (Person::new(&lab, "root").await?, Person::new(&lab, "ada").await?);
    let said = ada.run(&["admin", "users"]).await?;
    assert!(said.code == 125 || said.code == 1, "{said:?}");
    assert!(said.stderr.contains("administrators"), "{said:?}");

    let home = root.home.path();
    let users = root.json(home, &["admin", "users", "--json"]).await?;
    assert_eq!((&users[0]["role"], &users[1]["role"]), (&"admin".into(), &"user".into()));
    let changed =
        root.json(home, &["admin", "user", "ada@example.com", "limit", "projects=3", "--json"]).await?;
    assert_eq!(changed["limits"]["projects"], 3);
    let limits = root.json(home, &["admin", "limits", "set", "running_jobs=4", "--json"]).await?;
    assert_eq!(limits["per_user"]["running_jobs"], 4);
    let queue = root.json(home, &["admin", "queue", "--json"]).await?;
    assert_eq!(queue["queued"], 0);
    let said = root.run(&["admin", "queue"]).await?;
    assert!(said.stdout.contains("sandbox") && said.code == 0, "{said:?}");

    let disabled = root.json(home, &["admin", "user", "ada@example.com", "disable", "--json"]).await?;
    assert_eq!(disabled["disabled"], true);
    assert_ne!(ada.run(&["project", "ls"]).await?.code, 0, "a disabled account goes on");
    root.json(home, &["admin", "user", "ada@example.com", "enable", "--json"]).await?;
    assert_eq!(ada.run(&["project", "ls"]).await?.code, 0);
    assert_ne!(root.run(&["admin", "user", "ada@example.com", "delete"]).await?.code, 0, "nobody confirmed");
    assert_eq!(root.run(&["admin", "user", "ada@example.com", "delete", "--yes"]).await?.code, 0);
    assert_ne!(ada.run(&["project", "ls"]).await?.code, 0);

    let code = root.run(&["admin", "invite", "create", "--email", "bob@example.com"]).await?;
    assert!(code.stdout.starts_with("engi_"), "{code:?}");
    let listed = root.json(home, &["admin", "invite", "ls", "--json"]).await?;
    assert_eq!(listed[0]["email"], "bob@example.com");
    lab.finish().await
}
