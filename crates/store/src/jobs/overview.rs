//! The queue as administrators see it.

use engunity_protocol::{
    UserId,
    admin::{PoolView, QueueView, QueuedUser},
    job::{JobKind, Pool},
};

use crate::{Result, Store, workers::LEASE_SECONDS};

const KINDS: &str = "
    SELECT kind, count(*) FILTER (WHERE state = 'queued') AS queued, count(*) FILTER (WHERE state = 'running') AS running,
           (SELECT count(*) FROM dispatches d WHERE d.kind = j.kind) AS released,
           extract(epoch FROM now() - min(created_at) FILTER (WHERE state = 'queued'))::bigint AS oldest_s
    FROM jobs j WHERE state IN ('queued', 'running') GROUP BY kind";

const USERS: &str = "
    SELECT u.id, u.email, j.queued, j.running FROM (
        SELECT user_id, count(*) FILTER (WHERE state = 'queued') AS queued, count(*) FILTER (WHERE state = 'running') AS running
        FROM jobs WHERE state IN ('queued', 'running') GROUP BY user_id
    ) j JOIN users u ON u.id = j.user_id ORDER BY j.queued + j.running DESC, u.id LIMIT 100";

const SLOTS: &str = "
    SELECT pool.key AS pool, sum((pool.value ->> 'total')::bigint)::bigint AS slots
    FROM workers w CROSS JOIN LATERAL jsonb_each(w.capacity) AS pool (key, value)
    WHERE w.last_seen > now() - make_interval(secs => $1) AND NOT w.draining AND NOT w.drain_requested AND NOT w.deaf
    GROUP BY pool.key";

impl Store {
    /// What waits and what runs, by pool and by user.
    pub async fn queue(&self) -> Result<QueueView> {
        let connection = self.connection().await?;
        let kinds = connection.query(KINDS, &[]).await?;
        let users = connection.query(USERS, &[]).await?;
        let slots = connection.query(SLOTS, &[&LEASE_SECONDS]).await?;
        let mut view =
            QueueView { pools: Pool::ALL.iter().map(empty_pool).collect(), ..QueueView::default() };
        for row in &kinds {
            let (queued, running): (i64, i64) = (row.get("queued"), row.get("running"));
            view.queued += queued;
            view.running += running;
            view.oldest_s = view.oldest_s.max(row.get("oldest_s"));
            let pool = row.get::<_, &str>("kind").parse::<JobKind>().ok().map(JobKind::pool);
            if let Some(pool) =
                view.pools.iter_mut().find(|view| pool.is_some_and(|p| p.as_str() == view.pool))
            {
                pool.queued += queued;
                pool.running += running;
                pool.released += row.get::<_, i64>("released");
            }
        }
        for row in &slots {
            if let Some(pool) = view.pools.iter_mut().find(|view| view.pool == row.get::<_, &str>("pool")) {
                pool.slots = row.get("slots");
            }
        }
        view.users = users.iter().map(queued_user).collect();
        Ok(view)
    }
}

fn empty_pool(pool: &Pool) -> PoolView {
    PoolView { pool: pool.to_string(), slots: 0, running: 0, released: 0, queued: 0 }
}

fn queued_user(row: &tokio_postgres::Row) -> QueuedUser {
    QueuedUser { user_id: UserId(row.get(0)), email: row.get(1), queued: row.get(2), running: row.get(3) }
}
