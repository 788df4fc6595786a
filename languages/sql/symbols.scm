; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(create_table (object_reference name: (identifier) @name)) @definition.class
(create_view (object_reference name: (identifier) @name)) @definition.class
(create_function (object_reference name: (identifier) @name)) @definition.function
