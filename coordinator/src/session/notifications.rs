//! Forwards notifications to local sessions. A notification of a job only says that it changed; the jobs are read from the
//! database in batches, and only for open projects.

use std::{collections::HashMap, sync::Arc, time::Duration};

use engunity_protocol::{JobId, ProjectId, job::JobState, wire::Notification};
use engunity_store::{JobHead, StoreError};

use super::{Sessions, core::Input};
use crate::notify::notifier::SessionSink;

/// Jobs read at once.
const BATCH: usize = 256;
const PAUSE: Duration = Duration::from_millis(500);

impl SessionSink for Sessions {
    fn notify(&self, notification: &Notification) {
        match notification {
            Notification::Job(change) if change.state && self.local(change.project_id).is_some() => {
                self.job_changed(change.project_id, change.job_id);
            }
            Notification::Job(_) => {}
            Notification::File { project_id, change } => {
                self.notify_session(*project_id, Input::File(change.clone()))
            }
            Notification::Project { project_id, change } => {
                self.notify_session(*project_id, Input::Project(*change))
            }
            Notification::Lost => self.registry().values().for_each(|session| session.notify(Input::Lost)),
        }
    }
}

impl Sessions {
    fn notify_session(&self, project_id: ProjectId, input: Input) {
        if let Some(session) = self.local(project_id) {
            session.notify(input);
        }
    }

    fn job_changed(&self, project_id: ProjectId, job_id: JobId) {
        if self.changed_jobs.try_send((project_id, job_id)).is_err() {
            self.notify_session(project_id, Input::Lost);
        }
    }

    /// Reads changed jobs and notifies their sessions, forever.
    pub async fn notify_job_changes(self: Arc<Self>) {
        let mut waiting = self.waiting_jobs.lock().await;
        loop {
            let mut changed = Vec::new();
            if waiting.recv_many(&mut changed, BATCH).await == 0 {
                return;
            }
            let projects: HashMap<JobId, ProjectId> =
                changed.into_iter().map(|(project, job)| (job, project)).collect();
            while let Err(error) = self.read_and_notify(&projects).await {
                tracing::debug!(%error, "notifications of jobs wait for the database");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn read_and_notify(&self, projects: &HashMap<JobId, ProjectId>) -> Result<(), StoreError> {
        let ids: Vec<JobId> = projects.keys().copied().collect();
        for JobHead { mut job, user_id, .. } in self.store.jobs_by_id(&ids).await? {
            if job.state == JobState::Queued {
                self.store.fill_waiting(user_id, std::slice::from_mut(&mut job)).await?;
            }
            self.notify_session(job.project_id, Input::Job(Box::new(job)));
        }
        Ok(())
    }
}
