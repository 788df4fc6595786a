; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(stream (document (block_node (block_mapping (block_mapping_pair key: (flow_node) @name) @definition.field))))
