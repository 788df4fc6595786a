//! The job kinds: one file each, and one line of [`register!`] here.

mod execute;
mod index;
mod noop;
#[cfg(feature = "test-kind")]
mod test_echo;

use engunity_protocol::job::{JobKind, JobSpec};

use crate::execution::{Ending, Run};

/// Defines the list of registered kinds, and the function that runs a job with the module of its kind.
macro_rules! register {
    ($($(#[$attribute:meta])? $variant:ident $(($spec:ident))? => $module:ident,)+) => {
        /// The kinds that this worker can run.
        pub const KINDS: &[JobKind] = &[$($(#[$attribute])? JobKind::$variant,)+];

        /// Runs the job that `spec` describes.
        pub async fn run(run: &mut Run, spec: JobSpec) -> Ending {
            match spec {
                $($(#[$attribute])? JobSpec::$variant $(($spec))? => $module::run(run $(, $spec)?).await,)+
            }
        }
    };
}

register! {
    Execute(spec) => execute,
    Index(spec) => index,
    Noop => noop,
    #[cfg(feature = "test-kind")]
    TestEcho(text) => test_echo,
}
