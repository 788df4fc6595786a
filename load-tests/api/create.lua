-- wrk: create projects with a body like a real one.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"name": "bench", "description": "made by the API bench", "language": "python"}'
