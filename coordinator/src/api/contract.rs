//! What the API document says of calls beyond their own words: parameters from the handlers' types, the statuses that
//! routes answer because of what they are, what a body must fulfil as a whole, and links between calls.

use engunity_protocol::spec::Limits;
use serde_json::{Map, Value, json};
use warp::http::{Method, StatusCode};

use crate::http::parameter::ParameterSpec;
use crate::http::router::{RequestBody, Route};

const PROBLEM: &str = "application/problem+json";
/// An answer of this shape names, by its `id`, what is meant by this parameter of other calls.
const NAMED_BY_ID: &[(&str, &str)] =
    &[("Project", "project_id"), ("File", "file_id"), ("Job", "job_id"), ("PersonalToken", "token_id")];

/// Says what runs may ask for at this installation.
pub fn limits(document: &mut Value, (least, most): (Limits, Limits)) {
    let fields = &mut document["components"]["schemas"]["LimitsRequest"]["properties"];
    for (field, least, most) in [
        ("wall_s", json!(least.wall_s), json!(most.wall_s)),
        ("cpu", json!(least.cpu), json!(most.cpu)),
        ("memory_mb", json!(least.memory_mb), json!(most.memory_mb)),
        ("output_kb", json!(least.output_kb), json!(most.output_kb)),
        ("pids", json!(least.pids), json!(most.pids)),
    ] {
        fields[field]["minimum"] = least;
        fields[field]["maximum"] = most;
    }
}

/// Completes the document with what is known of the routes.
pub fn complete(document: &mut Value, routes: &[Route]) {
    for route in routes {
        let path = document.get_mut("paths").and_then(|paths| paths.get_mut(template(route.path)));
        let operation = path.and_then(|path| path.get_mut(route.method.as_str().to_lowercase()));
        if let Some(operation) = operation.and_then(Value::as_object_mut) {
            describe(operation, route);
        }
    }
    link(document);
    bodies(document);
    document["components"]["responses"] = json!({"Refusal": refusal()});
    document["components"]["schemas"].as_object_mut().into_iter().for_each(conditions);
}

/// A route's path as the document writes it.
pub fn template(path: &str) -> String {
    path.replace("{*", "{")
}

fn describe(operation: &mut Map<String, Value>, route: &Route) {
    if !route.parameters.is_empty() {
        operation.insert("parameters".into(), route.parameters.iter().map(parameter).collect());
    }
    if let Some(body) = operation.get_mut("requestBody") {
        body["required"] =
            matches!(route.body, RequestBody::Json { optional: false } | RequestBody::Multipart).into();
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for status in refusals(route) {
        let refusal = responses
            .entry(status.as_str())
            .or_insert_with(|| json!({"$ref": "#/components/responses/Refusal"}));
        if refusal.get("content").is_some_and(|content| content.get(PROBLEM).is_some()) {
            *refusal = described(status);
        }
    }
    responses.insert("default".into(), json!({"$ref": "#/components/responses/Refusal"}));
}

fn parameter(spec: &ParameterSpec) -> Value {
    let ParameterSpec { name, location, required, description, schema } = spec;
    let mut parameter = json!({"name": name, "in": location, "required": required, "schema": schema});
    if !description.is_empty() {
        parameter["description"] = (*description).into();
    }
    parameter
}

/// The errors that follow from the kind of route, in addition to those its handler declares.
fn refusals(route: &Route) -> Vec<StatusCode> {
    let has_parameter_in = |location| route.parameters.iter().any(|one| one.location == location);
    let has_body = route.body != RequestBody::None;
    let has_json = matches!(route.body, RequestBody::Json { .. });
    [
        (StatusCode::BAD_REQUEST, has_body),
        (StatusCode::UNAUTHORIZED, route.authenticated),
        (StatusCode::FORBIDDEN, route.admin),
        (StatusCode::NOT_FOUND, has_parameter_in("path")),
        (StatusCode::NOT_ACCEPTABLE, !route.produces.is_empty()),
        (StatusCode::REQUEST_TIMEOUT, true),
        (StatusCode::PAYLOAD_TOO_LARGE, has_body),
        (StatusCode::RANGE_NOT_SATISFIABLE, route.parameters.iter().any(|one| one.name == "Range")),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, has_json || route.body == RequestBody::Multipart),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            has_body || has_parameter_in("query") || has_parameter_in("header"),
        ),
        (StatusCode::TOO_MANY_REQUESTS, route.rate_limited),
        (StatusCode::INTERNAL_SERVER_ERROR, true),
        (StatusCode::SERVICE_UNAVAILABLE, route.authenticated || route.method != Method::GET),
    ]
    .into_iter()
    .filter_map(|(status, occurs)| occurs.then_some(status))
    .collect()
}

fn refusal() -> Value {
    json!({
        "description": "A refusal; `code` says which, and `type` is the address of a page about it.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    })
}

fn described(status: StatusCode) -> Value {
    let mut refusal = refusal();
    refusal["description"] = status.canonical_reason().unwrap_or_default().into();
    refusal
}

/// Links each answer that makes something to the calls that take its id.
fn link(document: &mut Value) {
    let targets = targets(document);
    for (_, operation) in operations(document) {
        for status in ["201", "202"] {
            let response = &mut operation["responses"][status];
            if let Some(links) = links(response, &targets) {
                response["links"] = links;
            }
        }
        operation["responses"]
            .as_object_mut()
            .into_iter()
            .for_each(|all| all.retain(|_, one| !one.is_null()));
    }
}

fn links(response: &Value, targets: &[(String, Vec<String>)]) -> Option<Value> {
    let shape = response["content"]["application/json"]["schema"]["$ref"].as_str()?.rsplit('/').next()?;
    let (_, parameter) = NAMED_BY_ID.iter().find(|(name, _)| *name == shape)?;
    let to = |id: &String| json!({"operationId": id, "parameters": {*parameter: "$response.body#/id"}});
    let taking = targets.iter().filter(|(_, taken)| taken.iter().any(|one| one == parameter));
    Some(taking.map(|(id, _)| (id.clone(), to(id))).collect::<Map<_, _>>().into())
}

/// A stream is many messages, each of which has its JSON as a text; bytes are no list of numbers.
fn bodies(document: &mut Value) {
    for (_, operation) in operations(document) {
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        for content in responses.filter_map(|(_, response)| response.get_mut("content")) {
            if let Some(media) = content.get_mut("text/event-stream") {
                let event = media["schema"].take();
                media["schema"] = message(event);
            }
            if let Some(media) = content.get_mut("application/octet-stream") {
                media["schema"] = json!({"type": "string", "format": "binary"});
            }
        }
    }
}

fn message(event: Value) -> Value {
    let data = json!({"type": "string", "contentMediaType": "application/json"});
    json!({
        "type": "object",
        "required": ["event", "id", "data"],
        "properties": {"event": {"type": "string"}, "id": {"type": "string"}, "data": data},
        "x-event": event,
    })
}

/// The parameters in the path of each call, by its id.
fn targets(document: &mut Value) -> Vec<(String, Vec<String>)> {
    let names = |operation: &Value| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let of_path = parameters.filter(|one| one["in"] == "path");
        of_path.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect()
    };
    let all = operations(document);
    all.into_iter()
        .filter_map(|(_, operation)| Some((operation["operationId"].as_str()?.to_owned(), names(operation))))
        .collect()
}

fn operations(document: &mut Value) -> Vec<(&String, &mut Value)> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(_, methods)| methods.as_object_mut().into_iter().flatten()).collect()
}

/// What several fields of one body must fulfil together.
fn conditions(schemas: &mut Map<String, Value>) {
    let only = |field: &str, others: &[&str]| {
        let mut properties: Map<String, Value> =
            others.iter().map(|other| ((*other).to_owned(), json!({"type": "null"}))).collect();
        properties.insert(field.to_owned(), json!({"not": {"type": "null"}}));
        json!({"required": [field], "properties": properties})
    };
    if let Some(run) = schemas.get_mut("RunRequest") {
        run["oneOf"] = json!([only("command", &["entry"]), only("entry", &["command"])]);
    }
    if let Some(bulk) = schemas.get_mut("BulkRequest") {
        let operations =
            |names: &[&str]| json!({"operation": {"enum": names}, "into": {"not": {"type": "null"}}});
        bulk["oneOf"] = json!([
            {"properties": {"operation": {"const": "delete"}, "into": {"type": "null"}}},
            {"required": ["into"], "properties": operations(&["move", "copy"])},
        ]);
    }
    if let Some(restore) = schemas.get_mut("TrashRestore") {
        restore["oneOf"] = json!([only("ids", &["deletion_id"]), only("deletion_id", &["ids"])]);
    }
    if let Some(form) = schemas.get_mut("UploadForm") {
        form["additionalProperties"] = false.into();
    }
    if let Some(file) = schemas.get_mut("NewFile") {
        file["oneOf"] = json!([only("path", &["name", "parent_id"]), only("name", &["path"])]);
        file["anyOf"] = json!([
            {"properties": {"type": {"const": "file"}}},
            {"properties": {"type": {"const": "folder"}, "content": {"type": "null"}}},
        ]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn routes_and_handlers_name_the_same_parameters() {
        for route in super::super::routes() {
            let stated: BTreeSet<&str> =
                route.parameters.iter().filter(|one| one.location == "path").map(|one| one.name).collect();
            let path = template(route.path);
            let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
            assert_eq!(stated, parts.collect(), "{} {path}", route.method);
        }
    }

    #[test]
    fn nothing_is_null() {
        let mut document = json!({"paths": {"/a": {"get": {"responses": {"200": {"description": "x"}}}}}});
        let before = document.clone();
        bodies(&mut document);
        link(&mut document);
        assert_eq!(document, before);
    }

    #[test]
    fn no_parameter_is_stated_twice() {
        for route in super::super::routes() {
            let all: BTreeSet<_> = route.parameters.iter().map(|one| (one.location, one.name)).collect();
            assert_eq!(all.len(), route.parameters.len(), "{} {}", route.method, route.path);
        }
    }
}
