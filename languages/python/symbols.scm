; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(module (expression_statement (assignment left: (identifier) @name) @definition.constant))
(class_definition name: (identifier) @name) @definition.class
(class_definition body: (block (function_definition name: (identifier) @name) @definition.method))
(class_definition body: (block (decorated_definition definition: (function_definition name: (identifier) @name)) @definition.method))
(function_definition name: (identifier) @name) @definition.function
