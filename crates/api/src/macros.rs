//! How the words of the wire are declared: newtypes for ids, and enums that a newer server may extend.

/// An enum of words. A word this version does not know is read as `Unknown` instead of failing.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $word)] $variant,)*
            /// Not known, or a word from a newer version.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl $name {
            /// Every word this version knows, in the order of declaration, without `Unknown`.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* $name::Unknown => "unknown" }
            }

            /// Reads a word; one that is not known gives `Unknown`.
            pub fn from_word(word: &str) -> Self {
                match word { $($word => $name::$variant,)* _ => $name::Unknown }
            }
        }

        impl crate::Read for $name {
            fn read(value: serde_json::Value) -> Option<Self> {
                value.as_str().map(Self::from_word)
            }

            fn absent() -> Option<Self> {
                Some($name::Unknown)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        // Written out, because the derive does not see words that come from a macro.
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some(concat!($($doc, "\n"),*).trim()))
                    .enum_values(Some([$($word,)* "unknown"]))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

/// A string that is only ever an identifier, so that two kinds of id cannot be mixed up.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl crate::Read for $name {
            fn read(value: serde_json::Value) -> Option<Self> {
                <String as crate::Read>::read(value).map(Self)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

/// A struct of the wire: cloned, compared, read and written as JSON, and described in the OpenAPI document.
///
/// A field whose name is a word of Rust's stands with an underscore behind it, which is not part of its name on the wire.
macro_rules! wire {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$fmeta])* pub $field: $type,)* }

        impl crate::Read for $name {
            fn read(value: serde_json::Value) -> Option<Self> {
                let mut map = crate::read::fields(value);
                Some(Self { $($field: crate::read::field(&mut map, stringify!($field).trim_end_matches('_'))?,)* })
            }

            fn absent() -> Option<Self> {
                Self::read(serde_json::Value::Null)
            }
        }
    };
}
