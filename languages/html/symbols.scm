; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(element (start_tag (attribute (attribute_name) @_id (quoted_attribute_value (attribute_value) @name))) (#eq? @_id "id")) @definition.field
