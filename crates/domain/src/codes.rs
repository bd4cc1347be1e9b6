//! Closed lists of words that travel and are stored as codes. A code this version does not know is kept
//! as `Unrecognised` and written back unchanged: an older laptop must not damage what a newer one wrote.

/// Declares an enum of codes: `code()`, `from_code()`, `ALL`, and serde as the code itself.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A code of a newer version, kept byte for byte.
            Unrecognised(String),
        }

        impl $name {
            /// Every value this version knows, in the order screens show them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code on the wire and in tables.
            pub fn code(&self) -> &str {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Unrecognised(code) => code,
                }
            }

            /// Never fails: what is not known is kept.
            pub fn from_code(code: &str) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    other => Self::Unrecognised(other.to_owned()),
                }
            }
        }

        /// The codes this version knows; a page shows any other as "not known yet".
        #[cfg(feature = "types")]
        impl ts_rs::TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &ts_rs::Config) -> String {
                stringify!($name).into()
            }

            fn inline(_: &ts_rs::Config) -> String {
                Self::ALL.iter().map(|one| format!("\"{}\"", one.code())).collect::<Vec<_>>().join(" | ")
            }

            fn decl(cfg: &ts_rs::Config) -> String {
                format!("type {} = {};", Self::name(cfg), Self::inline(cfg))
            }

            fn decl_concrete(cfg: &ts_rs::Config) -> String {
                Self::decl(cfg)
            }

            fn output_path() -> Option<std::path::PathBuf> {
                Some("codes.ts".into())
            }
        }

        impl From<String> for $name {
            fn from(code: String) -> Self {
                Self::from_code(&code)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.code().to_owned()
            }
        }
    };
}

pub(crate) use codes;

#[cfg(test)]
mod tests {
    use crate::people::Relation;

    #[test]
    fn codes_round_trip_and_strangers_are_kept() {
        for relation in Relation::ALL {
            assert_eq!(Relation::from_code(relation.code()), *relation);
        }
        let newer: Relation = serde_json::from_str("\"godparent\"").unwrap();
        assert_eq!(newer, Relation::Unrecognised("godparent".into()));
        assert_eq!(serde_json::to_string(&newer).unwrap(), "\"godparent\"");
    }
}
