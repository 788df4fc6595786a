//! Which ignore rule holds for a path. `.engunityignore` goes before `.gitignore`, a deeper file before a higher
//! one, as git does it. Unlike git's own walk, it can say which rule of which file decided.

use std::path::{Path, PathBuf};

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};

pub const OWN_FILE: &str = ".engunityignore";
const GIT_FILE: &str = ".gitignore";

/// A rule that excludes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The file it stands in.
    pub file: PathBuf,
    pub pattern: String,
}

/// The rules that hold in one folder: those of the folders above it, and its own.
pub struct Rules {
    own: Vec<Gitignore>,
    git: Vec<Gitignore>,
    /// Lines that are no rules, to be told.
    pub broken: Vec<String>,
}

impl Rules {
    /// The rules that come from outside `root`: the user's global ones and, where `root` is part of a git
    /// repository, those of its folders above. A folder that its repository ignores (a build output, an unpacked
    /// archive) is uploaded by its own rules alone.
    pub fn outside(root: &Path) -> Self {
        let Some(repository) = root.ancestors().find(|dir| dir.join(".git").exists()) else {
            return Self::global();
        };
        let mut rules = Self::global();
        rules.add_git(repository, &repository.join(".git/info/exclude"));
        let mut above: Vec<_> =
            root.ancestors().skip(1).take_while(|dir| dir.starts_with(repository)).collect();
        above.reverse();
        for dir in above {
            if dir != repository && rules.excludes(dir, true).is_some() {
                return Self::global();
            }
            rules.enter(dir);
        }
        if rules.excludes(root, true).is_some() { Self::global() } else { rules }
    }

    fn global() -> Self {
        Self { own: Vec::new(), git: vec![Gitignore::global().0], broken: Vec::new() }
    }

    /// Adds the rules of `dir`.
    pub fn enter(&mut self, dir: &Path) {
        let own = self.read(dir, &dir.join(OWN_FILE));
        self.own.push(own);
        self.add_git(dir, &dir.join(GIT_FILE));
    }

    /// Takes the rules of the last entered folder away.
    pub fn leave(&mut self) {
        self.own.pop();
        self.git.pop();
    }

    /// The rule that excludes `path`, if one does.
    pub fn excludes(&self, path: &Path, is_dir: bool) -> Option<Rule> {
        let deepest_first = self.own.iter().rev().chain(self.git.iter().rev());
        let decision =
            deepest_first.map(|rules| rules.matched(path, is_dir)).find(|decision| !decision.is_none());
        match decision? {
            Match::Ignore(glob) => Some(Rule {
                file: glob.from().unwrap_or(Path::new(GIT_FILE)).to_owned(),
                pattern: glob.original().to_owned(),
            }),
            _ => None,
        }
    }

    fn add_git(&mut self, dir: &Path, file: &Path) {
        let rules = self.read(dir, file);
        self.git.push(rules);
    }

    fn read(&mut self, dir: &Path, file: &Path) -> Gitignore {
        let mut builder = GitignoreBuilder::new(dir);
        if file.is_file()
            && let Some(error) = builder.add(file)
        {
            self.broken.push(error.to_string());
        }
        builder.build().unwrap_or_else(|error| {
            self.broken.push(format!("{}: {error}", file.display()));
            Gitignore::empty()
        })
    }
}
