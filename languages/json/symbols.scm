; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(document (object (pair key: (string (string_content) @name)) @definition.field))
