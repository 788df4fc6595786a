//! Several projects, users, coordinators and workers.

use anyhow::{Result, ensure};
use engunity_protocol::search::SearchAnswer;
use engunity_testkit::TestLab;

use crate::{AUTOMATIC, index, indexed, paths, search};

const REGEX: [(&str, &str); 1] = [("mode", "regex")];

#[tokio::test(flavor = "multi_thread")]
async fn one_search_goes_over_all_of_ones_own_projects() -> Result<()> {
    let lab = TestLab::start().await?;
    let (ada, bob) = (lab.user("ada").await?, lab.user("bob").await?);
    let mut projects = Vec::new();
    for n in 0..3 {
        let project = ada.project(&format!("p{n}")).await?.id;
        ada.write(project, &format!("of{n}.txt"), "needle\n").await?;
        projects.push(project);
    }
    index(&ada, projects[0]).await?;
    let theirs = bob.project("secret").await?.id;
    bob.write(theirs, "secret.txt", "needle\n").await?;
    let answer: SearchAnswer = ada.get("/code/search?q=needle&mode=regex").await?.ok()?.json()?;
    ensure!(paths(&answer) == ["of0.txt", "of1.txt", "of2.txt"], "{answer:?}");
    let mut found: Vec<_> = answer.hits.iter().map(|hit| hit.project_id).collect();
    found.sort();
    projects.sort();
    ensure!(found == projects && answer.coverage.files == 3 && answer.exact, "{answer:?}");
    let one: SearchAnswer = ada.get("/code/search?q=needle&limit=2").await?.ok()?.json()?;
    ensure!(one.hits.len() == 2 && one.truncated, "{one:?}");
    for path in ["search?q=needle", "index"] {
        let refused = ada.get(&format!("/code/{theirs}/{path}")).await?.problem()?;
        ensure!(refused.status == 404, "{refused:?}");
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn any_worker_and_coordinator_gives_the_same_answer() -> Result<()> {
    let lab = TestLab::builder().workers(2).coordinators(2).env(AUTOMATIC, true).start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    for n in 0..5 {
        user.write(project, &format!("f{n}.txt"), &format!("needle {n}\n")).await?;
    }
    indexed(&user, project).await?;
    // Changes and searches through both coordinators, while both workers may build.
    for round in 0..20 {
        let writer = user.at(&lab.coordinators[round % 2].url());
        writer.write(project, &format!("r{round}.txt"), &format!("round {round}\n")).await?;
        let reader = user.at(&lab.coordinators[(round + 1) % 2].url());
        let answer = search(&reader, project, "^(round|needle) ", &REGEX).await?;
        ensure!(answer.hits.len() == 6 + round, "{round}: {:?}", paths(&answer));
    }
    let status = indexed(&user, project).await?;
    ensure!(status.files == 25, "{status:?}");
    // The worker that has the index goes away: the other one fetches it.
    for worker in 0..2 {
        lab.workers[1 - worker].kill9()?;
        let answer = search(&user, project, "^round 7$", &REGEX).await?;
        ensure!(paths(&answer) == ["r7.txt"], "{answer:?}");
        lab.workers[1 - worker].start().await?;
    }
    lab.finish().await
}
