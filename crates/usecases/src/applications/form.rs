//! The form as JSON: how it is sent, how a file for the command line looks, and how it is kept.

use serde_json::{Map, Value, json};
use zhenren_domain::application::{Contact, FieldError, Form, SubjectType};

/// Reads a form, or names every field that is missing, unknown or of another type. Lengths and
/// ranges are the domain's.
pub fn read(value: &Value) -> Result<Form, Vec<FieldError>> {
    let mut reader = Reader::new(value, "");
    let kind = reader.text("subject_type");
    let subject_type = SubjectType::from_name(&kind);
    let is_text = value.get("subject_type").is_some_and(Value::is_string);
    if subject_type.is_none() && is_text {
        reader.refuse(
            "subject_type",
            "must be official_account, mini_program, web or app",
        );
    }
    let form = Form {
        business_name: reader.text("business_name"),
        scene: reader.text("scene"),
        subject_type: subject_type.unwrap_or(SubjectType::MiniProgram),
        formal_name: reader.text("formal_name"),
        formal_app_id: reader.text("formal_app_id"),
        test_name: reader.opt_text("test_name"),
        test_app_id: reader.opt_text("test_app_id"),
        daily_calls_average: reader.number("daily_calls_average"),
        daily_people_average: reader
            .has("daily_people_average")
            .then(|| reader.number("daily_people_average")),
        peak_calls_per_minute: reader.number("peak_calls_per_minute"),
        average_calls_per_minute: reader.number("average_calls_per_minute"),
        product_contact: reader.contact("product_contact"),
        developer_contact: reader.contact("developer_contact"),
        our_contact: reader
            .has("our_contact")
            .then(|| reader.contact("our_contact")),
    };
    reader.finish().map(|()| form)
}

/// Writes a form.
pub fn write(form: &Form) -> Value {
    let contact = |contact: &Contact| json!({ "name": contact.name, "mobile": contact.mobile, "email": contact.email });
    json!({
        "business_name": form.business_name,
        "scene": form.scene,
        "subject_type": form.subject_type.name(),
        "formal_name": form.formal_name,
        "formal_app_id": form.formal_app_id,
        "test_name": form.test_name,
        "test_app_id": form.test_app_id,
        "daily_calls_average": form.daily_calls_average,
        "daily_people_average": form.daily_people_average,
        "peak_calls_per_minute": form.peak_calls_per_minute,
        "average_calls_per_minute": form.average_calls_per_minute,
        "product_contact": contact(&form.product_contact),
        "developer_contact": contact(&form.developer_contact),
        "our_contact": form.our_contact.as_ref().map(contact),
    })
}

/// Takes fields out of an object and remembers what it did not find.
struct Reader<'a> {
    object: Option<&'a Map<String, Value>>,
    prefix: String,
    taken: Vec<&'static str>,
    found: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    fn new(value: &'a Value, prefix: &str) -> Self {
        let mut reader = Self {
            object: value.as_object(),
            prefix: prefix.to_owned(),
            taken: Vec::new(),
            found: Vec::new(),
        };
        if reader.object.is_none() {
            let field = prefix.trim_end_matches('.');
            let field = if field.is_empty() { "the form" } else { field };
            reader.found.push(FieldError {
                field: field.to_owned(),
                demand: "must be a JSON object",
            });
        }
        reader
    }

    fn refuse(&mut self, field: &str, demand: &'static str) {
        // Of something that is no object, that is said and nothing else.
        if self.object.is_some() {
            let field = format!("{}{field}", self.prefix);
            self.found.push(FieldError { field, demand });
        }
    }

    /// The value of a field, unless it is absent or null.
    fn take(&mut self, field: &'static str) -> Option<&'a Value> {
        self.taken.push(field);
        let value = self.object.and_then(|object| object.get(field));
        value.filter(|value| !value.is_null())
    }

    fn has(&mut self, field: &'static str) -> bool {
        self.take(field).is_some()
    }

    fn opt_text(&mut self, field: &'static str) -> Option<String> {
        let value = self.take(field)?;
        if let Some(text) = value.as_str() {
            return Some(text.to_owned());
        }
        self.refuse(field, "must be a text");
        None
    }

    fn text(&mut self, field: &'static str) -> String {
        if !self.has(field) {
            self.refuse(field, "is missing");
        }
        self.opt_text(field).unwrap_or_default()
    }

    fn number(&mut self, field: &'static str) -> u64 {
        match self.take(field).map(Value::as_u64) {
            Some(Some(number)) => number,
            Some(None) => {
                self.refuse(field, "must be a whole number");
                0
            }
            None => {
                self.refuse(field, "is missing");
                0
            }
        }
    }

    fn contact(&mut self, field: &'static str) -> Contact {
        let Some(value) = self.take(field) else {
            self.refuse(field, "is missing");
            return Contact {
                name: String::new(),
                mobile: None,
                email: String::new(),
            };
        };
        let mut reader = Reader::new(value, &format!("{field}."));
        let contact = Contact {
            name: reader.text("name"),
            mobile: reader.opt_text("mobile"),
            email: reader.text("email"),
        };
        self.found.extend(reader.finish().err().unwrap_or_default());
        contact
    }

    fn finish(mut self) -> Result<(), Vec<FieldError>> {
        let object = self.object;
        for name in object.into_iter().flat_map(Map::keys) {
            if !self.taken.contains(&name.as_str()) {
                self.refuse(name, "is not a field of this form");
            }
        }
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self.found)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Value {
        json!({
            "business_name": "Shop", "scene": "leases", "subject_type": "mini_program",
            "formal_name": "Shop", "formal_app_id": "app_1",
            "test_name": null, "test_app_id": null,
            "daily_calls_average": 5, "daily_people_average": 3, "peak_calls_per_minute": 4, "average_calls_per_minute": 1,
            "product_contact": { "name": "A", "mobile": "13800000000", "email": "a@b.cn" },
            "developer_contact": { "name": "B", "mobile": "13800000001", "email": "b@b.cn" },
            "our_contact": null,
        })
    }

    #[test]
    fn a_form_is_read_back_as_it_was_written() {
        let mut value = whole();
        assert_eq!(write(&read(&value).unwrap()), value);
        value["our_contact"] = json!({ "name": "C", "mobile": null, "email": "c@b.cn" });
        value["test_name"] = json!("T");
        value["test_app_id"] = json!("app_2");
        assert_eq!(write(&read(&value).unwrap()), value);
    }

    #[test]
    fn missing_unknown_and_odd_fields_are_all_named() {
        let mut value = whole();
        value["scene"] = json!(7);
        value["subject_type"] = json!("shop");
        value["peak_calls_per_minute"] = json!(-1);
        value["product_contact"] = json!("A");
        value["developer_contact"] = json!({ "name": "B", "fax": "1" });
        value["colour"] = json!("red");
        value.as_object_mut().unwrap().remove("formal_name");
        let said: Vec<String> = read(&value)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            said,
            [
                "subject_type must be official_account, mini_program, web or app",
                "scene must be a text",
                "formal_name is missing",
                "peak_calls_per_minute must be a whole number",
                "product_contact must be a JSON object",
                "developer_contact.email is missing",
                "developer_contact.fax is not a field of this form",
                "colour is not a field of this form",
            ]
        );
        assert_eq!(read(&json!([])).unwrap_err().len(), 1);
    }
}
