//! The value of one field, as it is stored, hashed and sent. Its canonical form is compact JSON with
//! sorted keys. There are no floating-point numbers: two machines must never print one value two ways.

use std::collections::BTreeMap;
use std::fmt;

use domain::calendar::{Day, PartialDate};
use domain::fact::{Answer, Evidence};
use domain::registry::FieldType;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// One field's value. What a newer version put into a field this version does not know is kept whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing, or taken away.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, a code, a day, or an id of 32 hexadecimal digits.
    Text(String),
    /// Several values in their order.
    List(Vec<Value>),
    /// Named values. No field of this version uses it.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// True for [`Value::Null`].
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// Yes or no, if it is that.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(yes) = self { Some(*yes) } else { None }
    }

    /// The id, if the text is one, with or without hyphens.
    pub fn as_uuid(&self) -> Option<Uuid> {
        self.as_text().and_then(|text| Uuid::try_parse(text).ok())
    }

    /// The day, if the text is one.
    pub fn as_day(&self) -> Option<Day> {
        self.as_text().and_then(Day::parse)
    }

    /// The birth, if the text is one.
    pub fn as_partial_date(&self) -> Option<PartialDate> {
        self.as_text().and_then(|text| PartialDate::parse(text).ok())
    }

    /// The values of a list; nothing for anything else.
    pub fn as_list(&self) -> &[Value] {
        if let Self::List(values) = self { values } else { &[] }
    }

    /// Answer and evidence, written `["own","self_reported"]`.
    pub fn as_answer(&self) -> Option<(Answer, Evidence)> {
        let [answer, evidence] = self.as_list() else { return None };
        Some((Answer::from(answer.as_text()?.to_owned()), Evidence::from_code(evidence.as_text()?)))
    }

    /// An answer with its evidence.
    pub fn answer(answer: Answer, evidence: Evidence) -> Self {
        Self::List(vec![Self::Text(answer.into()), evidence.code().into()])
    }

    /// Null for an empty text: an empty address and no address are one thing.
    pub fn text_or_null(text: &str) -> Self {
        if text.is_empty() { Self::Null } else { text.into() }
    }

    /// True if a field of this type may hold the value. Taking a value away is always allowed, and a
    /// code may be one of a newer version.
    pub fn fits(&self, ty: &FieldType) -> bool {
        if self.is_null() {
            return true;
        }
        match ty {
            FieldType::Text | FieldType::Code => self.as_text().is_some(),
            FieldType::Int => self.as_int().is_some(),
            FieldType::Bool => self.as_bool().is_some(),
            FieldType::Id => self.as_uuid().is_some(),
            FieldType::Day => self.as_day().is_some(),
            FieldType::PartialDate => self.as_partial_date().is_some(),
            FieldType::Codes => self.is_list_of(|one| one.as_text().is_some()),
            FieldType::Ids => self.is_list_of(|one| one.as_uuid().is_some()),
            FieldType::Answer(_) => self.as_answer().is_some(),
        }
    }

    fn is_list_of(&self, each: impl Fn(&Value) -> bool) -> bool {
        matches!(self, Self::List(values) if values.iter().all(each))
    }

    /// Compact JSON, keys sorted: the bytes that are hashed.
    pub fn canonical(&self) -> String {
        // Writing a value of this type into memory has no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Text(id.simple().to_string())
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Self {
        Self::Text(day.to_string())
    }
}

impl From<PartialDate> for Value {
    fn from(date: PartialDate) -> Self {
        Self::Text(date.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(yes) => serializer.serialize_bool(*yes),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => serializer.collect_seq(values),
            Self::Map(values) => serializer.collect_map(values),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// By hand: an untagged enum would read every value into memory twice.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without floating-point numbers")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(|_| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            // Two readers could keep different ones of the two.
            if values.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Map(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_and_what_is_refused() {
        let check = |json: &str, expect: Option<&str>| {
            let read = serde_json::from_str::<Value>(json).ok().map(|value| value.canonical());
            assert_eq!(read.as_deref(), expect, "{json}");
        };
        check("null", Some("null"));
        check(" [ 1, -2 , \"Lê\" ]", Some("[1,-2,\"Lê\"]"));
        check("{\"b\":1,\"a\":{\"c\":[true]}}", Some("{\"a\":{\"c\":[true]},\"b\":1}"));
        check("9223372036854775807", Some("9223372036854775807"));
        check("9223372036854775808", None);
        check("1.5", None);
        check("1e3", None);
        check("{\"a\":1,\"a\":2}", None);
    }

    #[test]
    fn values_fit_their_fields() {
        use FieldType::*;
        let id = Value::from(Uuid::from_u128(7));
        let check = |value: Value, ty: FieldType, expect: bool| {
            assert_eq!(value.fits(&ty), expect, "{value:?} {ty:?}");
        };
        check(Value::Null, Id, true);
        check(id.clone(), Id, true);
        check(id.clone(), Text, true);
        check("x".into(), Id, false);
        check("2026-02-30".into(), Day, false);
        check("1956-03".into(), PartialDate, true);
        check(Value::from(3_i64), Text, false);
        check([id].into_iter().collect(), Ids, true);
        check("dvc".into(), Codes, false);
        let answer = Value::answer(domain::fact::Answer::Unknown, Evidence::Observed);
        assert_eq!(answer.canonical(), "[\"unknown\",\"observed\"]");
        check(answer, Answer(domain::fact::Fact::Safe), true);
    }
}
