//! A deserializer that reads structs from objects only. Structs with derived `Deserialize` also accept arrays of their
//! fields, at any depth, which the API does not allow. Wraps any self-describing format.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Wraps a deserializer, a visitor, an access or a seed, and everything that it passes on.
pub struct Strict<T>(pub T);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Strict(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Strict(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Strict(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Strict(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// Every integer up to this one is exact as a floating-point number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Forwards simple values unchanged.
macro_rules! forward {
    ($($visit:ident($value:ty))+) => {
        $(fn $visit<E: serde::de::Error>(self, value: $value) -> Result<V::Value, E> {
            self.0.$visit(value)
        })+
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    forward! {
        visit_bool(bool) visit_i64(i64) visit_i128(i128) visit_u64(u64) visit_u128(u128) visit_char(char)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String) visit_bytes(&[u8]) visit_byte_buf(Vec<u8>)
    }

    /// In JSON Schema 7.0 is an integer, so floating-point values without a fraction are read as integers.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<V::Value, E> {
        match value {
            _ if value.fract() != 0.0 || value.abs() > EXACT => self.0.visit_f64(value),
            _ if value < 0.0 => self.0.visit_i64(value as i64),
            _ => self.0.visit_u64(value as u64),
        }
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(inside))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(inside))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(members))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(variant)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i32,
        #[serde(default)]
        y: Option<f64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Whole {
        one: Option<Point>,
        #[serde(default)]
        many: Vec<Point>,
        #[serde(default)]
        named: BTreeMap<String, Point>,
    }

    fn read(text: &str) -> Result<Whole, serde_json::Error> {
        Whole::deserialize(Strict(&mut serde_json::Deserializer::from_str(text)))
    }

    #[test]
    fn objects_are_read_from_objects_only() {
        let good = r#"{"one": {"x": 1, "y": 2}, "many": [{"x": 3, "y": null}], "named": {"a": {"x": 4}}}"#;
        let point = |x, y| Point { x, y };
        let named = BTreeMap::from([("a".to_owned(), point(4, None))]);
        let whole = Whole { one: Some(point(1, Some(2.0))), many: vec![point(3, None)], named };
        assert_eq!(read(good).unwrap(), whole);
        assert_eq!(read(&good.replace("1,", "1.0,").replace(r#""y": 2"#, r#""y": 2.0"#)).unwrap(), whole);
        for bad in [
            r#"{"one": {"x": 1.5}}"#,
            r#"[null, []]"#,
            r#"{"one": [1, 2]}"#,
            r#"{"one": null, "many": [[3]]}"#,
            r#"{"one": null, "many": [{"x": 1}, []]}"#,
            r#"{"one": null, "named": {"a": [4]}}"#,
        ] {
            assert!(read(bad).is_err_and(|error| error.is_data()), "{bad}");
        }
    }
}
