//! Enums whose values have one name each, the same in JSON, SQL and routing keys.

/// Gives an enum its names as `as_str`, `Display` and `FromStr`, and the list of its values as `ALL`.
macro_rules! words {
    ($name:ident { $($(#[$attribute:meta])? $variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            pub const ALL: &'static [Self] = &[$($(#[$attribute])? Self::$variant),+];
            pub fn as_str(self) -> &'static str {
                match self { $($(#[$attribute])? Self::$variant => $word),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::job::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($(#[$attribute])? $word => Ok(Self::$variant),)+
                    _ => Err($crate::job::UnknownWord(text.to_owned())),
                }
            }
        }
    };
}

/// A name that no value of the enum has.
#[derive(Debug, thiserror::Error)]
#[error("unknown value {0:?}")]
pub struct UnknownWord(pub String);

pub(crate) use words;
