"""HTTP: parameters, paging, byte ranges, problem details and the OpenAPI document."""
