; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(class name: (_) @name) @definition.class
(module name: (_) @name) @definition.module
(method name: (_) @name) @definition.method
(singleton_method name: (_) @name) @definition.method
(assignment left: (constant) @name) @definition.constant
