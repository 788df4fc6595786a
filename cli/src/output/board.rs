//! The live table of a bulk run: counts and running jobs. Pure except for [`Board::show`].

use engunity_protocol::job::{Job, JobState};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Out, table::cut, units::millis, verdict};

/// Most rows of running jobs that the live table shows.
const MAX_ROWS: usize = 12;

/// One line of a matrix and what became of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number in the file.
    pub line: usize,
    pub command: String,
    /// `None` until it is submitted.
    pub job: Option<Job>,
}

impl Row {
    pub fn state(&self) -> Option<JobState> {
        self.job.as_ref().map(|job| job.state)
    }

    pub fn has_ended(&self) -> bool {
        self.state().is_some_and(JobState::is_terminal)
    }

    /// The row as it ended: `line 3  failed: exit 1  0.2 s  python a.py`.
    pub fn ended_line(&self) -> String {
        let Some(job) = &self.job else { return String::new() };
        let took = job.usage.map_or_else(String::new, |usage| format!("  {}", millis(usage.wall_ms)));
        format!("line {}  {}{took}  {}", self.line, verdict::ending(job), cut(&self.command, 100))
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub waiting: usize,
    pub running: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub cancelled: usize,
}

impl Counts {
    pub fn of(rows: &[Row]) -> Self {
        let mut counts = Self::default();
        for row in rows {
            *match row.state() {
                None | Some(JobState::Queued) => &mut counts.waiting,
                Some(JobState::Running) => &mut counts.running,
                Some(JobState::Succeeded) => &mut counts.succeeded,
                Some(JobState::Cancelled) => &mut counts.cancelled,
                Some(JobState::Failed | JobState::TimedOut | JobState::Lost) => &mut counts.failed,
            } += 1;
        }
        counts
    }

    pub fn line(&self) -> String {
        let named = [
            (self.succeeded, "succeeded"),
            (self.failed, "failed"),
            (self.cancelled, "cancelled"),
            (self.running, "running"),
            (self.waiting, "waiting"),
        ];
        let parts = named.iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}"));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// The live table, redrawn in place; hidden without a terminal.
pub struct Board {
    bar: ProgressBar,
}

impl Board {
    pub fn new(out: &Out) -> Self {
        let bar = out.spinner("");
        bar.set_style(ProgressStyle::with_template("{msg}").expect("the template is fixed"));
        Self { bar }
    }

    pub fn show(&self, rows: &[Row]) {
        let width = console::Term::stderr().size_checked().map_or(80, |(_, width)| usize::from(width));
        self.bar.set_message(render(rows, width));
    }

    /// Prints something above the table.
    pub fn above(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn render(rows: &[Row], width: usize) -> String {
    let running: Vec<_> = rows.iter().filter(|row| row.state() == Some(JobState::Running)).collect();
    let mut lines: Vec<_> = running
        .iter()
        .take(MAX_ROWS)
        .map(|row| cut(&format!("  line {}  {}", row.line, row.command), width))
        .collect();
    if running.len() > MAX_ROWS {
        lines.push(format!("  … and {} more", running.len() - MAX_ROWS));
    }
    if let Some(waiting) = rows.iter().find_map(|row| row.job.as_ref()?.waiting.as_ref()) {
        lines.push(cut(&format!("  the others wait: {}", waiting.because), width));
    }
    lines.push(cut(&Counts::of(rows).line(), width));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use engunity_protocol::{
        job::Waiting,
        verdict::{Reason, Usage, Verdict},
    };

    use super::{super::verdict::tests::job, *};

    fn row(line: usize, reason: Option<Reason>, state: Option<JobState>) -> Row {
        let mut job = job(Verdict::new(reason.unwrap_or(Reason::Ok), "exit 1"));
        job.state = state.unwrap_or(job.state);
        job.usage = Some(Usage { wall_ms: 200, ..Usage::default() });
        Row { line, command: format!("python {line}.py"), job: Some(job) }
    }

    #[test]
    fn counts_and_rows_tell_what_happens() {
        let mut queued = row(4, None, Some(JobState::Queued));
        queued.job.as_mut().unwrap().waiting =
            Some(Waiting { position: 1, because: "all 4 slots are busy".into() });
        let unsent = Row { line: 5, command: "x".into(), job: None };
        let rows = [
            row(1, None, None),
            row(2, Some(Reason::Exit), None),
            row(3, None, Some(JobState::Running)),
            queued,
            unsent,
        ];
        assert_eq!(
            Counts::of(&rows),
            Counts { waiting: 2, running: 1, succeeded: 1, failed: 1, cancelled: 0 }
        );
        assert_eq!(
            render(&rows, 80),
            "  line 3  python 3.py\n  the others wait: all 4 slots are busy\n1 succeeded, 1 failed, 1 running, 2 waiting"
        );
        assert_eq!(rows[1].ended_line(), "line 2  failed: exit 1  200 ms  python 2.py");
    }

    #[test]
    fn a_long_table_is_cut() {
        let rows: Vec<_> = (0..50).map(|n| row(n, None, Some(JobState::Running))).collect();
        let table = render(&rows, 20);
        assert_eq!(table.lines().count(), MAX_ROWS + 2);
        assert!(table.lines().all(|line| console::measure_text_width(line) <= 20));
    }
}
