//! The pure core of a session: [`SessionCore::apply`] takes an input and the time and returns effects. It numbers
//! messages, remembers the recent ones (bounded in count and bytes) for clients that return, and tracks the members.
//! No I/O, no clock of its own, nothing that could not be thrown away: `store` has the truth.

use std::collections::{BTreeMap, VecDeque};

use engunity_protocol::{
    ConnectionId, UserId,
    job::Job,
    session::{FileChange, FileChangeKind, Place, Presence, ProjectChange, ServerMessage},
};

use super::message::{Resume, Text, Welcome};

/// Milliseconds on any clock that only goes forward.
pub type Millis = u64;

/// Messages kept for clients that return.
const KEPT: usize = 256;
/// And their bytes together.
const KEPT_BYTES: usize = 256 << 10;
/// A remote member is announced periodically; after this silence it is gone with its coordinator.
pub const SILENCE_MS: Millis = 45_000;
/// How long an empty session stays, for clients that reload.
pub const IDLE_MS: Millis = 60_000;
/// Members of one session.
pub const MAX_MEMBERS: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Join {
        conn_id: ConnectionId,
        user_id: UserId,
        name: String,
        /// Connected to another coordinator.
        remote: bool,
        resume: Option<Resume>,
    },
    Leave {
        conn_id: ConnectionId,
    },
    Place {
        conn_id: ConnectionId,
        place: Place,
    },
    /// A remote member is still there.
    Alive {
        conn_id: ConnectionId,
    },
    File(FileChange),
    Job(Box<Job>),
    Project(ProjectChange),
    /// Notifications were lost: every client must reload.
    Lost,
    Tick,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// To one connection, before anything else.
    Welcome { to: ConnectionId, welcome: Welcome },
    /// To all members.
    Broadcast(Text),
    /// The connection is not a member any more.
    Drop { conn_id: ConnectionId },
    /// The session is full.
    Refuse { conn_id: ConnectionId },
    /// The session has been empty for a while: end it.
    Passivate,
}

#[derive(Debug)]
struct Member {
    presence: Presence,
    /// `None` for local members; their disconnect is reported.
    last_seen: Option<Millis>,
}

#[derive(Debug)]
pub struct SessionCore {
    epoch: String,
    seq: u64,
    recent: VecDeque<Text>,
    recent_bytes: usize,
    /// The newest number that is no longer kept.
    evicted_seq: u64,
    members: BTreeMap<ConnectionId, Member>,
    empty_since: Option<Millis>,
}

impl SessionCore {
    /// A new life of a session: numbers of an earlier `epoch` mean nothing in it.
    pub fn new(epoch: String, now: Millis) -> Self {
        Self {
            epoch,
            seq: 0,
            recent: VecDeque::new(),
            recent_bytes: 0,
            evicted_seq: 0,
            members: BTreeMap::new(),
            empty_since: Some(now),
        }
    }

    /// Takes in one input; returns what is to be done, in order.
    pub fn apply(&mut self, input: Input, now: Millis) -> Vec<Effect> {
        match input {
            Input::Join { conn_id, user_id, name, remote, resume } => {
                self.join(conn_id, user_id, name, remote.then_some(now), resume)
            }
            Input::Leave { conn_id } => self.leave(&conn_id, now),
            Input::Place { conn_id, place } => self.place(&conn_id, place, now),
            Input::Alive { conn_id } => self.alive(&conn_id, now),
            Input::File(change) => vec![self.remembered(|seq| ServerMessage::File { seq, change })],
            Input::Job(job) => vec![self.remembered(|seq| ServerMessage::Job { seq, job: *job })],
            Input::Project(change) => vec![self.remembered(|seq| ServerMessage::Project { seq, change })],
            Input::Lost => vec![self.lost()],
            Input::Tick => self.tick(now),
        }
    }

    fn join(
        &mut self,
        conn_id: ConnectionId,
        user_id: UserId,
        name: String,
        heard: Option<Millis>,
        resume: Option<Resume>,
    ) -> Vec<Effect> {
        if self.members.len() >= MAX_MEMBERS && !self.members.contains_key(&conn_id) {
            return vec![Effect::Refuse { conn_id }];
        }
        let place =
            self.members.get(&conn_id).map(|member| member.presence.place.clone()).unwrap_or_default();
        let presence = Presence { conn_id: conn_id.clone(), user_id, name, place };
        let known = self.members.insert(conn_id.clone(), Member { presence, last_seen: heard }).is_some();
        self.empty_since = None;
        let welcome = Effect::Welcome { to: conn_id, welcome: self.welcome(resume) };
        if known { vec![welcome] } else { vec![welcome, self.presence()] }
    }

    fn welcome(&self, resume: Option<Resume>) -> Welcome {
        let after = resume.filter(|resume| self.can_resume(resume)).map(|resume| resume.last_seq);
        let missed = match after {
            Some(after) => self.recent.iter().filter(|text| text.seq > after).cloned().collect(),
            None => Vec::new(),
        };
        Welcome {
            epoch: self.epoch.clone(),
            seq: self.seq,
            presence: self.presences(),
            snapshot: after.is_none(),
            missed,
        }
    }

    fn can_resume(&self, resume: &Resume) -> bool {
        resume.epoch == self.epoch && (self.evicted_seq..=self.seq).contains(&resume.last_seq)
    }

    fn leave(&mut self, conn_id: &ConnectionId, now: Millis) -> Vec<Effect> {
        if self.members.remove(conn_id).is_none() {
            return Vec::new();
        }
        self.note_emptiness(now);
        vec![Effect::Drop { conn_id: conn_id.clone() }, self.presence()]
    }

    fn place(&mut self, conn_id: &ConnectionId, place: Place, now: Millis) -> Vec<Effect> {
        let Some(member) = self.members.get_mut(conn_id) else { return Vec::new() };
        member.last_seen = member.last_seen.map(|_| now);
        if member.presence.place == place {
            return Vec::new();
        }
        member.presence.place = place;
        vec![self.presence()]
    }

    fn alive(&mut self, conn_id: &ConnectionId, now: Millis) -> Vec<Effect> {
        match self.members.get_mut(conn_id) {
            Some(member) => {
                member.last_seen = member.last_seen.map(|_| now);
                Vec::new()
            }
            // It was given up: its holder must join again.
            None => vec![Effect::Drop { conn_id: conn_id.clone() }],
        }
    }

    fn tick(&mut self, now: Millis) -> Vec<Effect> {
        let silent =
            |member: &Member| member.last_seen.is_some_and(|seen| now.saturating_sub(seen) > SILENCE_MS);
        let gone: Vec<ConnectionId> =
            self.members.iter().filter(|(_, member)| silent(member)).map(|(id, _)| id.clone()).collect();
        let mut effects: Vec<Effect> = gone.iter().flat_map(|conn_id| self.leave(conn_id, now)).collect();
        self.note_emptiness(now);
        if self.empty_since.is_some_and(|since| now.saturating_sub(since) > IDLE_MS) {
            effects.push(Effect::Passivate);
        }
        effects
    }

    fn note_emptiness(&mut self, now: Millis) {
        if self.members.is_empty() {
            self.empty_since.get_or_insert(now);
        }
    }

    fn lost(&mut self) -> Effect {
        self.remembered(|seq| {
            let change = FileChange { change: FileChangeKind::Bulk, file: None, file_id: None, by: None };
            ServerMessage::File { seq, change }
        })
    }

    fn presences(&self) -> Vec<Presence> {
        self.members.values().map(|member| member.presence.clone()).collect()
    }

    /// Presence is always sent whole and is part of every welcome, so it is not kept for replay.
    fn presence(&mut self) -> Effect {
        self.seq += 1;
        Effect::Broadcast(Text::of(
            self.seq,
            &ServerMessage::Presence { seq: self.seq, presence: self.presences() },
        ))
    }

    fn remembered(&mut self, message: impl FnOnce(u64) -> ServerMessage) -> Effect {
        self.seq += 1;
        let text = Text::of(self.seq, &message(self.seq));
        self.recent_bytes += text.json.len();
        self.recent.push_back(text.clone());
        while self.recent.len() > KEPT || self.recent_bytes > KEPT_BYTES {
            let Some(oldest) = self.recent.pop_front() else { break };
            self.recent_bytes -= oldest.json.len();
            self.evicted_seq = oldest.seq;
        }
        Effect::Broadcast(text)
    }
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;
