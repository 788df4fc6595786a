//! Which ignore rule holds for a path. `.engunityignore` goes before `.gitignore`, a deeper file before a higher
//! one, as git does it. Unlike git's own walk, it can say which rule of which file decided. Lines are read as git
//! reads them ([`super::gitignore`]); the `ignore` crate matches.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path},
};

use super::gitignore;

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
            return Self::global(root);
        };
        let mut rules = Self::global(repository);
        rules.add_git(repository, &repository.join(".git/info/exclude"));
        let mut above: Vec<_> =
            root.ancestors().skip(1).take_while(|dir| dir.starts_with(repository)).collect();
        above.reverse();
        for dir in above {
            if dir != repository && rules.excludes(dir, true).is_some() {
                return Self::global(root);
            }
            rules.enter(dir);
        }
        if rules.excludes(root, true).is_some() { Self::global(root) } else { rules }
    }

    /// The user's own rules, for paths of `top`.
    fn global(top: &Path) -> Self {
        let mut rules = Self { own: Vec::new(), git: Vec::new(), broken: Vec::new() };
        if let Some(file) = gitconfig_excludes_path() {
            rules.add_git(top, &file);
        }
        rules
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
                pattern: gitignore::shown(glob.original()),
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
        // git matches nothing by an unclosed class; here it is an error that is told.
        builder.allow_unclosed_class(false);
        for (number, line) in self.lines(file).iter().enumerate() {
            if let Err(error) = builder.add_line(Some(file.to_owned()), line) {
                self.broken.push(format!("{}:{}: {error}", file.display(), number + 1));
            }
        }
        builder.build().unwrap_or_else(|error| {
            self.broken.push(format!("{}: {error}", file.display()));
            Gitignore::empty()
        })
    }

    /// The file's rules; none where there is no such file. Like git, a symbolic link is not read.
    fn lines(&mut self, file: &Path) -> Vec<String> {
        if !fs::symlink_metadata(file).is_ok_and(|found| found.is_file()) {
            return Vec::new();
        }
        match fs::read(file) {
            Ok(bytes) => gitignore::lines(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.broken.push(format!("{}: {error}", file.display()));
                Vec::new()
            }
        }
    }
}
